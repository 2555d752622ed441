"""Marking what happened to a visit, one address per meaning: arrived, attended, did not come, and the undo of these."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice import attending
from practice.access import roles
from practice.forms.desk import AttendedForm, LateForm
from practice.locking import SlotTaken
from practice.models import Appointment
from practice.roles import Role
from practice.views.desk_sheet import may_mark

MARKERS = (Role.FRONT_DESK, Role.MANAGER, Role.THERAPIST, Role.TRAINEE)


@require_POST
@roles(*MARKERS)
def appointment_arrive(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, attending.mark_arrived, _("Marked as arrived."))


@require_POST
@roles(*MARKERS)
def appointment_late(request: HttpRequest, pk: int) -> HttpResponse:
    """How late somebody came; what does not read as minutes is said and nothing is written."""
    markable(request, pk)
    form = LateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write how many minutes late, from 0 to 240."))
        return redirect(place_to_return(request, reverse("practice:appointment-detail", args=[pk])))
    minutes = form.cleaned_data["minutes"]
    return mark(request, pk, attending.mark_late, _("Written down."), undoable=False, minutes=minutes)


@require_POST
@roles(*MARKERS)
def appointment_attend(request: HttpRequest, pk: int) -> HttpResponse:
    short = AttendedForm.short_visit(request.POST)
    return mark(request, pk, attending.mark_attended, _("Marked as attended."), short=short)


@require_POST
@roles(*MARKERS)
def appointment_miss(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, attending.mark_no_show, _("Marked as: did not come."))


@require_POST
@roles(*MARKERS)
def appointment_undo(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, attending.undo_attendance, _("Undone."), undoable=False)


def mark(
    request: HttpRequest, pk: int, act: Callable[..., Appointment], said: str, *, undoable: bool = True, **how
) -> HttpResponse:
    """Do ``act`` to the appointment and go back to where the person was; a refusal is said in words, never lost."""
    appointment = markable(request, pk)
    try:
        act(by=request.user, appointment=appointment, **how)
    except attending.CannotMark as refusal:
        messages.error(request, str(refusal))
    except SlotTaken:
        messages.error(request, _("Somebody else was changing this visit at the same moment. Please try again."))
    else:
        undo = f"undo={reverse('practice:appointment-undo', args=[pk])}" if undoable else ""
        messages.success(request, said, extra_tags=undo)
    return redirect(place_to_return(request, reverse("practice:appointment-detail", args=[pk])))


def markable(request: HttpRequest, pk: int) -> Appointment:
    """The appointment, if this person may say what happened to it."""
    rows = Appointment.objects.visible_to(request.user).select_related("therapist")
    appointment = get_object_or_404(rows, pk=pk)
    if not may_mark(request.user, appointment):
        raise Http404
    return appointment


def place_to_return(request: HttpRequest, otherwise: str) -> str:
    """The page named in ``next`` if it is one of ours, else ``otherwise``."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith("/") else otherwise
