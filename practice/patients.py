"""Patients on the schedule side: finding them, adding them, and joining two records of one person.

A record made by a public booking is never matched to an existing patient by what somebody typed (architecture.md 6).
Staff see a possible duplicate here, decide, and join: the prospect's visits move to the patient, the prospect's record
stays as a pointer.
"""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from practice import audit, locking
from practice.action import action
from practice.locking import SlotTaken, one_winner
from practice.models import Appointment, CareAssignment, Invitation, Message, Patient, User
from practice.models.booking import COMING

DIGITS = re.compile(r"\D+")
FEWEST_DIGITS = 4
# What hangs on a record of contact data: these rows move to the heir, or stay where they are as history.
MOVED = {"practice.appointment", "practice.message", "practice.careassignment", "practice.invitation"}
STAYING = {"practice.consentrecord", "practice.patient", "practice.patientevent"}


class MergeRefused(Exception):
    """The two records must not be joined; the text says why."""


def email_key(email: str) -> str:
    """The spelling under which addresses are compared."""
    return email.strip().lower()


# -- Finding -----------------------------------------------------------------------------------------------------------
def search(patients: QuerySet[Patient], text: str) -> QuerySet[Patient]:
    """Those in whose name or e-mail every word of ``text`` occurs, or whose telephone number holds its digits."""
    found = patients.order_by(Lower("last_name"), Lower("first_name"), "pk")
    digits = DIGITS.sub("", text)
    if len(digits) >= FEWEST_DIGITS and not re.search(r"[^\W\d]", text):
        return found.filter(phone__contains=digits)
    for word in text.split():
        found = found.filter(
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(name_to_use__icontains=word)
            | Q(email__icontains=word)
        )
    return found


def with_next_visit(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Each with ``next_visit`` and ``next_zone``: the start of the next visit to come and the zone it happens in."""
    coming = Appointment.objects.filter(
        patient=OuterRef("pk"), status__in=COMING, starts_at__gt=timezone.now()
    ).order_by("starts_at")
    return patients.annotate(
        next_visit=Subquery(coming.values("starts_at")[:1]), next_zone=Subquery(coming.values("zone")[:1])
    )


def possible_duplicates(patient: Patient) -> QuerySet[Patient]:
    """Other records with the same address, the same number, or the same name and no other date of birth."""
    same = Q(pk__in=())
    if patient.email_key:
        same |= Q(email_key=patient.email_key)
    if patient.phone:
        same |= Q(phone=patient.phone)
    if patient.last_name:
        name = Q(first_name__iexact=patient.first_name, last_name__iexact=patient.last_name)
        if patient.born_on:
            name &= Q(born_on=None) | Q(born_on=patient.born_on)
        same |= name
    return Patient.objects.exclude(status=Patient.Status.MERGED).exclude(pk=patient.pk).filter(same).order_by("pk")


# -- Adding ------------------------------------------------------------------------------------------------------------
@action
def add_patient(
    *, by: User, first_name: str, last_name: str, email: str = "", phone: str = "", time_zone: str = ""
) -> Patient:
    """A record for somebody who called or came in. It begins as a prospect: contact data and nothing else."""
    zone = {"time_zone": time_zone} if time_zone else {}
    patient = Patient.objects.create(
        first_name=first_name, last_name=last_name, email=email, email_key=email_key(email), phone=phone, **zone
    )
    audit.record(by=by, action=audit.Action.CREATE, obj=patient, patient=patient)
    return patient


# -- Joining -----------------------------------------------------------------------------------------------------------
def merge(*, by: User, source: Patient, into: Patient) -> Patient:
    """Join ``source``, a prospect's record without an account, into the record of the same person; returns ``into``.

    Visits, the messages about them and the care relationship move. Consents stay with the record on which they were
    given, because a consent is never rewritten: messages to ``into`` obey its own. Raises MergeRefused, also where the
    two have visits at the same time and where somebody kept their calendars locked for too long.
    """
    try:
        return merged(by=by, source=source, into=into)
    except SlotTaken as error:
        raise MergeRefused("busy") from error


@one_winner
@action
def merged(*, by: User, source: Patient, into: Patient) -> Patient:
    lock_both(source, into)
    locked = {p.pk: p for p in Patient.objects.select_for_update().filter(pk__in=[source.pk, into.pk]).order_by("pk")}
    source, into = locked[source.pk], locked[into.pk]
    refuse_unsafe(source, into)
    Appointment.objects.filter(patient=source).update(patient=into)
    Message.objects.filter(patient=source).update(patient=into)
    move_care(source, into)
    Invitation.objects.filter(patient=source, accepted_at=None, withdrawn_at=None).update(withdrawn_at=timezone.now())
    source.status, source.merged_into = Patient.Status.MERGED, into
    source.save(update_fields=["status", "merged_into"])
    audit.record(by=by, action=audit.Action.CHANGE, obj=source, patient=into, detail={"merged_into": into.pk})
    return into


def lock_both(source: Patient, into: Patient) -> None:
    """The locks of both people and of the therapists whose calendars a moving visit is written into anew.

    A visit of ``source`` that was booked with somebody else in the moment before is not covered: SlotTaken, try again.
    """
    therapists = therapists_of(source)
    locking.lock(therapists=therapists, people=[locking.patient_name(patient.pk) for patient in (source, into)])
    if therapists_of(source) - therapists:
        raise SlotTaken


def therapists_of(patient: Patient) -> set[int]:
    return set(Appointment.objects.living().filter(patient=patient).values_list("therapist", flat=True))


def refuse_unsafe(source: Patient, into: Patient) -> None:
    """Only contact data may be joined: whatever hangs on a record beyond it needs a clinician, not a button."""
    if source.pk == into.pk or Patient.Status.MERGED in (source.status, into.status):
        raise MergeRefused("gone")
    if source.user_id or source.status != Patient.Status.PROSPECT:
        raise MergeRefused("account")
    for relation in Patient._meta.related_objects:
        name = relation.related_model._meta.label_lower
        if (
            name not in MOVED | STAYING
            and relation.related_model._default_manager.filter(**{relation.field.name: source}).exists()
        ):
            raise MergeRefused("records")
    if visits_overlap(source, into):
        raise MergeRefused("overlap")


def visits_overlap(source: Patient, into: Patient) -> bool:
    """Whether one person would be in two places: asked under the locks of both, so that no visit comes in between."""
    theirs = Appointment.objects.living().filter(
        patient=into, starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
    )
    return Appointment.objects.living().filter(Exists(theirs), patient=source).exists()


def move_care(source: Patient, into: Patient) -> None:
    """End the care relationships of the joined record and begin those that the heir does not have yet."""
    now = timezone.now()
    for care in CareAssignment.objects.running().filter(patient=source):
        care.ends_at = now
        care.save(update_fields=["ends_at"])
        CareAssignment.objects.running().get_or_create(
            patient=into,
            clinician_id=care.clinician_id,
            role=care.role,
            defaults={"starts_at": now, "reason": care.reason},
        )
