"""The safety net under planning: every coming appointment must have its reminders."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from practice import outbox
from practice.messages import EARLY, appointment_reminders
from practice.models import Appointment, Message

log = structlog.get_logger("evenkeel.messages")
AHEAD = EARLY + dt.timedelta(days=1)


def plan_missing() -> int:
    """Derive the reminders of the next four days again and plan those that have no row; returns how many there were.

    There must be none. One is an error in an action that books or moves, and is logged as such.
    """
    now = timezone.now()
    coming = Appointment.objects.coming().filter(starts_at__lt=now + AHEAD).select_related("patient")
    derived = [message for appointment in coming for message in appointment_reminders(appointment, now=now)]
    planned = set(
        Message.objects.filter(
            about_type=Appointment._meta.label_lower, about_id__in={message.about_id for message in derived}
        ).values_list("about_id", "kind", "channel", "revision")
    )
    missing = [m for m in derived if (m.about_id, m.kind, m.channel, m.revision) not in planned]
    if missing:
        outbox.write(missing)
        log.error("reminders.were_missing", count=len(missing))
    return len(missing)
