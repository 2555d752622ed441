"""Care assignments: who may open a record and why, begun and ended beside what causes them (architecture.md 4)."""

from __future__ import annotations

from django.utils import timezone

from practice import audit
from practice.models import Appointment, CareAssignment, Patient, User
from practice.models.booking import LIVING

BY_CONSULTATION = "booked a free talk"


def begin(
    *,
    by: User | None,
    patient: Patient,
    clinician: User,
    reason: str,
    role: str = CareAssignment.CareRole.TREATING,
    is_first_visit: bool = False,
) -> CareAssignment:
    """Let ``clinician`` open the record from now on; the running assignment where there is one (inside an action)."""
    whose = CareAssignment.objects.filter(patient=patient, clinician=clinician, role=role, ends_at=None)
    if not is_first_visit and (running := whose.first()):
        return running
    begun = CareAssignment.objects.create(
        patient=patient, clinician=clinician, role=role, reason=reason, starts_at=timezone.now()
    )
    audit.record(by=by, action=audit.Action.ACCESS_CHANGE, obj=begun, patient=patient, detail={"change": "begun"})
    return begun


def begin_by_consultation(*, by: User | None, appointment: Appointment, is_first_visit: bool = False) -> CareAssignment:
    """Booking a consultation is the first reason to open somebody's record."""
    return begin(
        by=by,
        patient=appointment.patient,
        clinician=appointment.therapist.user,
        reason=BY_CONSULTATION,
        is_first_visit=is_first_visit,
    )


def end_with_consultation(*, by: User | None, patient: Patient, clinician: User) -> None:
    """A consultation that was cancelled or went to somebody else takes its reason away, unless another visit stands."""
    standing = Appointment.objects.filter(patient=patient, therapist__user=clinician, status__in=LIVING)
    if standing.exists():
        return
    now = timezone.now()
    for assignment in CareAssignment.objects.filter(
        patient=patient, clinician=clinician, reason=BY_CONSULTATION, ends_at=None, starts_at__lt=now
    ):
        assignment.ends_at = now
        assignment.save(update_fields=["ends_at"])
        audit.record(
            by=by, action=audit.Action.ACCESS_CHANGE, obj=assignment, patient=patient, detail={"change": "ended"}
        )
