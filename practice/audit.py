"""Writing the audit trail: one plain insert in the transaction of the deed (architecture.md 8)."""

from typing import Any

import structlog
from django.db import models

from practice.action import put_off
from practice.models.audit import Action, AuditEvent
from practice.models.people import User

__all__ = ["Action", "record"]


def record(
    *,
    by: User | None,
    action: Action,
    obj: models.Model | str,
    patient: models.Model | int | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Record that ``by`` did ``action`` to ``obj``; never a clinical value in ``detail``, only names of things and ids.

    ``by`` is None for a visitor or for the system itself. ``obj`` is a row or, where there is none, a name such as
    "week". ``patient`` names whose record was touched. Inside an action the row is written at the action's end.
    """
    event = AuditEvent(
        actor_id=by.pk if by else None,
        actor_roles=",".join(sorted(by.roles)) if by else "",
        action=action,
        object_type=obj if isinstance(obj, str) else obj._meta.label_lower,
        object_id="" if isinstance(obj, str) else str(obj.pk),
        patient_id=patient.pk if isinstance(patient, models.Model) else patient,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        detail=detail or {},
    )
    if not put_off(event):
        event.save(force_insert=True)
    return event
