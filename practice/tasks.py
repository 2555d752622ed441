"""Celery's hands: each task calls one function and carries no argument but ids.

A task is only a hint to look now. Losing one loses nothing, and running one twice doubles nothing.
"""

from __future__ import annotations

from celery import shared_task
from kombu.exceptions import OperationalError

from practice import clearing, heartbeat, holding, reminders, sealer, sending


@shared_task(name="practice.send_due")
def send_due() -> None:
    """Send what is due. A full batch means there is more: a second pair of hands is asked to help, once."""
    sending.send_due(who=heartbeat.WORKER, on_full_batch=ask_for_help)


def ask_for_help() -> None:
    try:
        send_due.apply_async(expires=5)
    except (OperationalError, OSError):
        return  # without a broker these hands do it alone


@shared_task(name="practice.seal_audit")
def seal_audit() -> None:
    """Seal the finished tail of the audit trail."""
    sealer.seal()


@shared_task(name="practice.expire_holds")
def expire_holds() -> None:
    """Delete holds that ran out. Free times do not wait for it: a search looks past them."""
    holding.expire_holds()


@shared_task(name="practice.plan_missing_reminders")
def plan_missing_reminders() -> None:
    """Derive all coming reminders again; there must be none that was not planned."""
    reminders.plan_missing()


@shared_task(name="practice.tidy")
def tidy() -> None:
    """Erase prospects from whom nothing followed and clear ended sign-ins, once a day however often it ticks."""
    clearing.tidy_when_due()
