"""The patient's own appointments: the next one first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice import audit
from practice.access import roles
from practice.models import Appointment
from practice.roles import Role
from practice.start import EXPECTED

PAST_SHOWN = 20


@require_safe
@roles(Role.PATIENT)
def appointment_mine(request: HttpRequest) -> HttpResponse:
    """What is to come, next first, and the last twenty that were."""
    now = timezone.now()
    rows = Appointment.objects.visible_to(request.user).select_related("therapist__user", "type", "location", "room")
    coming = list(rows.filter(ends_at__gt=now, status__in=EXPECTED).order_by("starts_at"))
    past = rows.exclude(pk__in=[row.pk for row in coming]).order_by("-starts_at")[:PAST_SHOWN]
    audit.record(by=request.user, action=audit.Action.VIEW, obj="appointments", patient=request.user.patient)
    return render(
        request,
        "practice/appointment/mine.html",
        {"coming": [(row, now <= row.change_until) for row in coming], "past": past},
    )
