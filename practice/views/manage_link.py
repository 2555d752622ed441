"""The private link of an appointment: look, say "I will come", move, cancel, take the calendar file.

The address in the message carries the token, so it is left at once: opening it puts the token into a cookie that is
sent to this one appointment's pages only, and goes on to an address that opens nothing by itself. No address with the
token stays in the history, in a log or in a Referer. Nothing is written on GET: mail scanners follow links.

The signed-in patient reaches the same pages of the own appointments without a link.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice import calendar_file, changing, manage_links, slots
from practice.availability import Offer, offer
from practice.booking import SlotTaken
from practice.changing import CannotChange, StaleVersion, TooLate
from practice.context import practice_facts
from practice.forms.booking import MoveForm, RevisionForm, read_query
from practice.models import Appointment, Location, Modality
from practice.picker import picker
from practice.templatetags.evenkeel import tel, wall_clock, zone_words
from practice.zone import zone_for

KEPT = "manage"  # the cookie; one per appointment, by its path
View = Callable[..., HttpResponse]
UNCHANGED = (CannotChange, StaleVersion, TooLate, SlotTaken)


def private(view: View) -> View:
    """Keep what the view answers out of caches and search engines.

    The pages' policy stays ``same-origin``: under ``no-referrer`` browsers post forms with ``Origin: null``, which
    CSRF protection must refuse. Only the address with the token says ``no-referrer``.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        patch_cache_control(response, private=True, no_store=True)
        return response

    return login_not_required(guarded)


@private
@require_safe
def manage_open(request: HttpRequest, token: str) -> HttpResponse:
    appointment = manage_links.find(token)
    if appointment is None:
        response = render(request, "practice/manage/closed.html", status=410)
    else:
        response = keep_link(redirect("practice:manage-show", appointment.uid), appointment, token)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@private
@require_safe
def manage_show(request: HttpRequest, uid: UUID) -> HttpResponse:
    return show(request, loaded(request, uid))


@private
@require_POST
def manage_confirm(request: HttpRequest, uid: UUID) -> HttpResponse:
    appointment = loaded(request, uid)
    form = RevisionForm(request.POST)
    if not form.is_valid():
        return show(request, appointment, status=422, problem="stale")
    try:
        changing.confirm_visit(by=actor(request), appointment=appointment, **form.cleaned_data)
    except UNCHANGED as refusal:
        return show(request, loaded(request, uid), status=409, problem=problem_of(refusal))
    messages.success(request, _("Thank you. We know that you are coming."))
    return redirect("practice:manage-show", uid)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def manage_move(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same slot picker; a move takes no hold."""
    appointment = loaded(request, uid)
    if not may_change(appointment):
        return refuse(request, appointment)
    if request.method != "POST":
        return move_page(request, appointment)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return move_page(request, appointment, status=422, problem="choose")
    wanted, before = form.cleaned_data["starts"], appointment.starts_at
    if wanted == before:
        return stays(request, appointment, form.cleaned_data["revision"])
    try:
        moved = changing.move(
            by=actor(request),
            appointment=appointment,
            starts_at=wanted,
            location=place_of(appointment, wanted),
            revision=form.cleaned_data["revision"],
        )
    except SlotTaken:
        return move_page(request, loaded(request, uid), status=409, problem="taken", wanted=wanted)
    except UNCHANGED as refusal:
        return changed_meanwhile(request, uid, refusal, page=move_page)
    messages.success(request, moved_words(before, moved))
    return redirect("practice:manage-show", uid)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def manage_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The question as a page, and its answer. Who asks twice for the same thing has it."""
    appointment = loaded(request, uid)
    if request.method == "POST" and appointment.cancelled_at:
        return redirect("practice:manage-show", uid)
    if not may_change(appointment):
        return refuse(request, appointment)
    if request.method != "POST":
        return cancel_page(request, appointment)
    form = RevisionForm(request.POST)
    if not form.is_valid():
        return cancel_page(request, appointment, status=422, problem="stale")
    try:
        changing.cancel(by=actor(request), appointment=appointment, **form.cleaned_data)
    except UNCHANGED as refusal:
        return changed_meanwhile(request, uid, refusal, page=cancel_page)
    messages.success(request, _("Cancelled. Nothing else to do."))
    return redirect("practice:manage-show", uid)


@private
@require_safe
def manage_calendar(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The appointment as an .ics file for any calendar."""
    appointment = loaded(request, uid)
    mine = appointment.patient.user_id is not None
    practice = practice_facts()
    content = calendar_file.calendar_file(
        appointment,
        method="PUBLISH",
        practice=practice,
        link="" if mine else manage_links.url_for(appointment),
        phone=tel(practice.phone),
    )
    response = HttpResponse(content, content_type=calendar_file.content_type("PUBLISH"))
    response.headers["Content-Disposition"] = f'attachment; filename="{calendar_file.FILE_NAME}"'
    return response


# -- Who may, and which ------------------------------------------------------------------------------------------------
def keep_link(response: HttpResponse, appointment: Appointment, token: str = "") -> HttpResponse:
    """Let this browser open the appointment's pages until it is closed, and after the visit never."""
    response.set_cookie(
        KEPT,
        token or manage_links.text_of(appointment.manage_link),
        path=reverse("practice:manage-show", args=[appointment.uid]),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def loaded(request: HttpRequest, uid: UUID) -> Appointment:
    """The appointment of this address for whoever has its link, or is its patient; 404 for everybody else."""
    appointment = manage_links.find(request.COOKIES.get(KEPT, ""))
    if appointment is not None and appointment.uid == uid:
        return appointment
    user = request.user
    if not user.is_authenticated:
        raise Http404
    rows = Appointment.objects.filter(patient__user=user).exclude(status="held")
    found = rows.filter(uid=uid, ends_at__gt=timezone.now()).select_related(
        "therapist__user", "patient", "type", "location", "room", "manage_link"
    )
    if (mine := found.first()) is None:
        raise Http404
    return mine


def actor(request: HttpRequest):
    """The patient, signed in as such; whoever acts by the link alone is a visitor, also a member of staff."""
    user = request.user
    return user if user.is_authenticated and not user.is_staff_member else None


def may_change(appointment: Appointment) -> bool:
    return appointment.is_coming and timezone.now() <= appointment.change_until


# -- Pages -------------------------------------------------------------------------------------------------------------
def refuse(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The page of an appointment that cannot be changed here, and why."""
    problem = "late" if appointment.is_coming else "gone"
    return show(request, appointment, status=409 if request.method == "POST" else 200, problem=problem)


def stays(request: HttpRequest, appointment: Appointment, revision: int) -> HttpResponse:
    """Somebody moves the appointment to where it is: the same form sent twice, or the time it always had."""
    if revision != appointment.revision:
        return redirect("practice:manage-show", appointment.uid)
    return move_page(request, appointment, status=422, problem="same")


def changed_meanwhile(
    request: HttpRequest, uid: UUID, refusal: Exception, page: Callable[..., HttpResponse]
) -> HttpResponse:
    """What was refused, as things stand now: the same question once more, or the appointment if it is no question."""
    appointment = loaded(request, uid)
    if appointment.cancelled_at and page is cancel_page:
        return redirect("practice:manage-show", uid)
    if not may_change(appointment):
        return refuse(request, appointment)
    return page(request, appointment, status=409, problem=problem_of(refusal))


def problem_of(refusal: Exception) -> str:
    if isinstance(refusal, SlotTaken):
        return "busy"
    return {StaleVersion: "stale", TooLate: "late"}.get(type(refusal), "gone")


def moved_words(before: datetime, moved: Appointment) -> str:
    """From when to when, each by the reader's clock, and whose clock that is."""
    here = ZoneInfo(zone_for(moved, moved.patient))
    times = {"new": moved.starts_at.astimezone(here), "old": before.astimezone(here)}
    words = {name: f"{date_format(time, 'l, F j')}, {wall_clock(time)}" for name, time in times.items()}
    return f"{_('Moved to %(new)s. Before, it was on %(old)s.') % words} {zone_words(moved, moved.patient)}"


def facts(request: HttpRequest, appointment: Appointment) -> dict[str, object]:
    user = request.user
    mine = user.is_authenticated and appointment.patient.user_id == user.pk
    return {
        "frame": "shell/patient.html" if mine else "practice/manage/frame.html",
        "appointment": appointment,
        "zone": zone_for(appointment, appointment.patient),
        "in_person": appointment.modality == Modality.IN_PERSON,
        "may_change": may_change(appointment),
        "is_mine": mine,
    }


def show(request: HttpRequest, appointment: Appointment, *, status: int = 200, problem: str = "") -> HttpResponse:
    """The appointment; ``problem``: late (only the telephone changes it now), stale, busy, or gone."""
    context = facts(request, appointment) | {"problem": problem, "error_title": bool(problem) and status >= 400}
    return render(request, "practice/manage/show.html", context, status=status)


def cancel_page(
    request: HttpRequest, appointment: Appointment, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = facts(request, appointment) | {"problem": problem, "error_title": bool(problem)}
    return render(request, "practice/manage/cancel.html", context, status=status)


def move_page(
    request: HttpRequest, appointment: Appointment, *, status: int = 200, problem: str = "", wanted=None
) -> HttpResponse:
    day, _way = read_query(request.GET)
    known = facts(request, appointment)
    offered = offer_for(appointment)
    if day is None:
        day = (wanted or appointment.starts_at).astimezone(appointment.location.zone_info).date()
    shown = (
        picker(
            offered,
            zone=known["zone"],
            now=timezone.now(),
            day=day,
            moving=appointment.pk,
            without=appointment.starts_at,
        )
        if offered and offered.hours
        else None
    )
    context = known | {"picker": shown, "problem": problem, "error_title": bool(problem)}
    name = "times" if request.htmx and request.method != "POST" else "move"
    return render(request, f"practice/manage/{name}.html", context, status=status)


def offer_for(appointment: Appointment) -> Offer | None:
    """The times of the same therapist for the same kind of visit, by the same way to meet."""
    return offer(code=appointment.type.code, modality=appointment.modality, therapist_id=appointment.therapist_id)


def place_of(appointment: Appointment, starts_at: datetime) -> Location:
    """Where the therapist works at the new time; the old place where nowhere, which the rules then refuse."""
    offered = offer_for(appointment)
    start = int(starts_at.timestamp())
    here = slots.candidates(offered.hours, offered.rules, since=start, until=start + 1) if offered else []
    ids = [stretch.location_id for _start, _therapist, stretch in here]
    if not ids or appointment.location_id in ids:
        return appointment.location
    return Location.objects.get(pk=ids[0])
