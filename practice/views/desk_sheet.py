"""The sheet of one appointment: what the desk may know of it and what may be done with it now."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice import audit
from practice.access import roles
from practice.models import Appointment, Status, User
from practice.models.booking import COMING
from practice.roles import CLINICIANS, Role
from practice.start import collect_marks

# Under 16 minutes a contact takes no session number (clinical.md 4.6).
SHORT = gettext_lazy("Attended, under 16 minutes")

TONES = {
    Status.CONFIRMED: "badge-sea",
    Status.ARRIVED: "badge-ok",
    Status.ATTENDED: "badge-ok",
    Status.NO_SHOW: "badge-stop",
    Status.HELD: "badge-care",
    Status.REQUESTED: "badge-care",
}


@roles(Role.FRONT_DESK, Role.MANAGER, *CLINICIANS)
def appointment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet as a page of its own."""
    appointment = get_object_or_404(appointments(request.user), pk=pk)
    audit.record(by=request.user, action=audit.Action.VIEW, obj=appointment, patient=appointment.patient_id)
    day = appointment.starts_at.astimezone(ZoneInfo(appointment.zone)).date()
    calendar = f"{reverse('practice:desk-day')}?day={day}"
    context = sheet(request.user, appointment, request.path) | {"calendar": calendar}
    if appointment.therapist.user_id == request.user.pk:  # what the apps have to do about it, such as its note
        context["steps"] = [mark for mark in collect_marks(request.user, [appointment]).get(pk, []) if mark.url]
    return render(request, "practice/desk/detail.html", context)


def appointments(user: User) -> QuerySet[Appointment]:
    """The appointments ``user`` may see, with what a sheet prints; no holds, which belong to somebody still typing."""
    rows = Appointment.objects.visible_to(user).exclude(status__in=(Status.HELD, Status.EXPIRED))
    return rows.select_related("patient", "therapist__user", "room", "location", "type")


def sheet(user: User, appointment: Appointment, back: str) -> dict[str, Any]:
    """The context of practice/desk/sheet.html; ``back`` is where its buttons return to."""
    offered = moves(user, appointment)
    return {
        "appointment": appointment,
        "tone": TONES.get(appointment.status, ""),
        "moves": offered,
        "can_change": user.is_scheduler and appointment.status in COMING,
        "can_say_late": bool(offered) and appointment.status in (Status.ARRIVED, Status.ATTENDED),
        "can_open_patient": True,
        "back": back,
    }


def may_mark(user: User, appointment: Appointment) -> bool:
    """Schedulers mark every visit, a clinician the own ones and no colleague's."""
    return user.is_scheduler or appointment.therapist.user_id == user.pk


def moves(user: User, appointment: Appointment) -> list[dict[str, Any]]:
    """What may be marked now, the likeliest first."""
    if not may_mark(user, appointment):
        return []
    arrive = ("practice:appointment-arrive", _("Mark arrived"), "door")
    attend = ("practice:appointment-attend", _("Mark attended"), "check")
    short = ("practice:appointment-attend", SHORT, "clock")
    miss = ("practice:appointment-miss", _("Did not come"), "cross")
    undo = ("practice:appointment-undo", _("Undo"), "back")
    begun = appointment.starts_at <= timezone.now()
    offered: dict[str, list[tuple[str, str | Promise, str]]] = {
        Status.BOOKED: [arrive, attend, short, miss] if begun else [arrive],
        Status.CONFIRMED: [arrive, attend, short, miss] if begun else [arrive],
        Status.ARRIVED: [attend, short, undo] if begun else [undo],
        Status.ATTENDED: [undo],
        Status.NO_SHOW: [undo],
    }
    return [
        {"url": reverse(name, args=[appointment.pk]), "label": label, "icon": icon, "short": label is SHORT}
        for name, label, icon in offered.get(appointment.status, [])
    ]
