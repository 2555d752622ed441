"""What intake puts on a person's start page: questions and registration for patients, alerts for clinicians.

And on the status page: whether enough people answer risk alerts.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from intake import alerts, due, registration
from intake.models import InstrumentVersion
from practice.models import User
from practice.roles import CLINICIANS, Role
from practice.start import Badge, Card
from practice.status import Light, Part

TOO_FEW = _(
    "Fewer than two people answer risk alerts beside the treating therapist, so %(asked)s is not asked where an alert "
    "would reach only one person. Choose two clinicians, and have whoever looks after the server name each of them: "
    "manage.py load_intake --responder ADDRESS"
)
NO_HOURS = _(
    "The practice has no opening hours, so a risk alert has no time by which it must be seen, and nobody is asked the "
    "questions of %(asked)s. Have whoever looks after the server set the opening hours of the practice."
)


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


def parts() -> list[Part]:
    """How many people answer risk alerts. Red without any, or without opening hours; amber with one (clinical.md 7.3).

    Only while a questionnaire is in use whose answers can raise an alert.
    """
    asked = [v.instrument.title for v in InstrumentVersion.objects.active() if v.definition.is_risk_bearing]
    count = len(alerts.second_responders())
    light, advice = Light.GREEN, ""
    if asked and alerts.opening_hours() is None:
        light, advice = Light.RED, str(NO_HOURS)
    elif asked and count < alerts.FEWEST_RESPONDERS:
        light, advice = Light.AMBER if count else Light.RED, str(TOO_FEW)
    said = advice and advice % {"asked": ", ".join(asked)}
    name = _("People who answer risk alerts")
    return [Part("responders", name, light, count, is_count=True, is_internal=True, advice=said)]
