"""Stepping into the demo clinic: whose eyes a newcomer may borrow. None of this has an address in production."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils import timezone

from practice.models import Patient, Practice, Status, Therapist, User
from practice.models.booking import COMING
from practice.roles import Role

VISITOR = "visitor"
SHOWN_PATIENT, SHOWN_THERAPIST = "rosa.meier@patients.example", "ines-varga"
STEPS = (VISITOR, Role.PATIENT, Role.THERAPIST, Role.FRONT_DESK, Role.MANAGER)


class NobodyThere(Exception):
    """The demo clinic holds nobody of this kind; it was not built, or this database is another practice's."""


def person_for(step: str) -> User:
    """The person of the demo clinic whose day shows most of it. Raises NobodyThere, always where no demo clinic is."""
    if not Practice.objects.filter(is_demo=True).exists():
        raise NobodyThere(step)
    finders = {Role.PATIENT: patient_in_mid_course, Role.THERAPIST: busiest_therapist}
    user = finders[step]() if step in finders else colleague(step)
    if user is None:
        raise NobodyThere(step)
    return user


def patient_in_mid_course() -> User | None:
    """The patient who was made to be shown; where that record is gone, one with an account and a visit to come."""
    now = timezone.now()
    with_account = Patient.objects.filter(user__is_active=True, status=Patient.Status.PATIENT).select_related("user")
    shown = with_account.filter(email=SHOWN_PATIENT).first()
    coming = Count("appointments", filter=Q(appointments__status__in=COMING, appointments__starts_at__gt=now))
    attended = Count("appointments", filter=Q(appointments__status=Status.ATTENDED))
    others = with_account.annotate(coming=coming, attended=attended).order_by("-coming", "-attended", "pk")
    patient = shown or others.first()
    return patient.user if patient else None


def busiest_therapist() -> User | None:
    """The therapist who was made to be shown, or the licensed one with the most visits behind."""
    licensed = Therapist.objects.filter(user__is_active=True, user__staff_roles__role=Role.THERAPIST)
    attended = Count("appointments", filter=Q(appointments__status=Status.ATTENDED))
    rows = licensed.annotate(attended=attended).select_related("user").order_by("-attended", "pk")
    therapist = rows.filter(slug=SHOWN_THERAPIST).first() or rows.first()
    return therapist.user if therapist else None


def colleague(role: str) -> User | None:
    return User.objects.filter(is_active=True, staff_roles__role=role).order_by("pk").first()
