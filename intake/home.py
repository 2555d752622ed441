"""What intake puts on a person's start page: questions and registration for patients, alerts for clinicians."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import ngettext

from intake import alerts, due, registration
from practice.models import User
from practice.roles import CLINICIANS, Role
from practice.start import Badge, Card


def cards(user: User) -> list[Card]:
    """For a patient what still waits; for a clinician the open alerts. Nothing for anybody else."""
    if user.roles & CLINICIANS:
        rows = list(alerts.waiting_for(user)[:5])
        return [Card(5, "intake/alert/card.html", {"alert": row}, region="waiting") for row in rows]
    if Role.PATIENT not in user.roles:
        return []
    patient = user.patient
    found = []
    waiting = [offer for offer in due.offers(patient) if offer.is_due]
    if waiting:
        found.append(Card(30, "intake/measure/card.html", {"offers": waiting}))
    kind, _name = registration.next_place(patient)
    if kind != "done":
        found.append(Card(25, "intake/registration/card.html", {"kind": kind}))
    return found


def badges(user: User) -> list[Badge]:
    """How many alerts nobody has seen yet; one query, for clinicians only."""
    if not user.roles & CLINICIANS:
        return []
    count = alerts.has_new(user)
    if not count:
        return []
    label = ngettext("%(count)s new alert", "%(count)s new alerts", count) % {"count": count}
    return [Badge(1, label, reverse("intake:alert-list"), icon="bang", tone="stop")]
