"""The one message of intake: staff are told that a task waits, and nothing about it (clinical.md 7.3)."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from intake.alerts import TASK
from intake.models import RiskTrigger
from practice.appointment_words import of_practice
from practice.models import Message, Practice
from practice.outbox import Kind, NotWanted, rows_of


def still_open(message: Message, trigger: RiskTrigger) -> None:
    if not trigger.alert.is_open:
        raise NotWanted("already done")


def task_words(message: Message, trigger: RiskTrigger, practice: Practice) -> dict[str, object]:
    return {"link": settings.PUBLIC_URL + reverse("practice:today"), **of_practice(practice)}


KINDS = {
    TASK: Kind(
        TASK,
        label=_("A task"),
        rows=rows_of(lambda: RiskTrigger.objects.select_related("alert")),
        words=task_words,
        still_wanted=still_open,
        needs_consent=False,
        keeps_window=False,
        only_managers=True,
    )
}
