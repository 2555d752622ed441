"""The front desk books, moves and cancels: one page that shows who, what and when, and takes a free time or another."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice import audit, availability, booking, changing, patients, search_words, slots
from practice.access import roles
from practice.context import practice_facts
from practice.forms.desk import CancelForm, WhatForm, WhenForm
from practice.forms.patient import SearchForm
from practice.locking import SlotTaken
from practice.models import Appointment, AppointmentType, Location, Modality, Patient, Therapist
from practice.roles import Role
from practice.views.desk_sheet import appointments, sheet
from practice.zone import today_in, zone_label

FOUND_AT_MOST = 10
UNCHANGEABLE = (changing.CannotChange, changing.StaleVersion, changing.TooLate, SlotTaken)


@dataclass(frozen=True)
class What:
    """The kind of visit, with whom, how, on which date and at which place."""

    type: AppointmentType
    therapist: Therapist
    modality: str
    day: date
    places: list[Location]
    offered: availability.Offer | None

    @property
    def in_person(self) -> bool:
        return self.modality == Modality.IN_PERSON

    @property
    def zone(self) -> str:
        """The zone the page speaks: that of the likeliest place."""
        return self.places[0].zone

    def query(self, day: date, **more: Any) -> str:
        kept = {"type": self.type.code, "therapist": self.therapist.pk, "modality": self.modality}
        return "?" + urlencode(more | kept | {"day": day.isoformat()})


@roles(Role.FRONT_DESK, Role.MANAGER)
def appointment_create(request: HttpRequest) -> HttpResponse:
    """Choose a person, then a time; posting books it."""
    patient = None
    if pk := request.GET.get("patient"):
        patient = get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=pk if pk.isdigit() else 0)
    if patient is None:
        return choose_patient(request)
    choice, what = read_what(request.GET, patient)
    form = when_form(request, what)
    page = booking_page(request, what, choice, form, heading=_("Book a visit"), button=_("Book"), patient=patient)
    if request.method != "POST":
        audit.record(by=request.user, action=audit.Action.VIEW, obj=patient, patient=patient, detail={"page": "book"})
        return page()
    return take(
        page,
        form,
        what,
        patient,
        lambda starts_at, anyway: booking.book(
            by=request.user,
            therapist=what.therapist,
            patient=patient,
            type=what.type,
            modality=what.modality,
            location=form.location(),
            starts_at=starts_at,
            room=form.cleaned_data.get("room"),
            token=form.cleaned_data["token"],
            outside_hours=anyway,
            staff_note=form.cleaned_data["staff_note"],
        ),
    )


@roles(Role.FRONT_DESK, Role.MANAGER)
@require_POST
def appointment_find(request: HttpRequest) -> HttpResponse:
    """Look for the person to book for; the address it leads to names nobody."""
    day = read_day(request.POST).isoformat()
    found = search_words.query(SearchForm.words(request.POST), by=request.user, day=day)
    return redirect(reverse("practice:appointment-create") + found)


@roles(Role.FRONT_DESK, Role.MANAGER)
def appointment_move(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page for a visit that exists: posting changes its row, never its identity."""
    appointment = get_object_or_404(appointments(request.user), pk=pk)
    choice, what = read_what(request.GET, appointment.patient, appointment)
    form = when_form(request, what, appointment)
    page = booking_page(
        request,
        what,
        choice,
        form,
        heading=_("Move a visit"),
        button=_("Move"),
        patient=appointment.patient,
        appointment=appointment,
    )
    if request.method != "POST":
        looked(request, appointment, "move")
        return page()
    return take(
        page,
        form,
        what,
        appointment,
        lambda starts_at, anyway: changing.move(
            by=request.user,
            appointment=appointment,
            starts_at=starts_at,
            therapist=what.therapist,
            location=form.location(),
            modality=what.modality,
            room=form.cleaned_data.get("room"),
            outside_hours=anyway,
            revision=form.cleaned_data["revision"],
        ),
    )


@roles(Role.FRONT_DESK, Role.MANAGER)
def appointment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    appointment = get_object_or_404(appointments(request.user), pk=pk)
    back = reverse("practice:appointment-detail", args=[pk])
    form = CancelForm(request.POST or None, initial={"revision": appointment.revision})
    if request.method == "POST" and form.is_valid():
        try:
            changing.cancel(by=request.user, appointment=appointment, **form.cleaned_data)
        except UNCHANGEABLE as refusal:
            messages.error(request, why_not(refusal))
        else:
            messages.success(request, _("The visit is cancelled."))
        return redirect(back)
    looked(request, appointment, "cancel")
    context = sheet(request.user, appointment, back) | {"form": form, "back": back, "moves": []}
    return render(request, "practice/desk/cancel.html", context, status=422 if form.errors else 200)


def looked(request: HttpRequest, appointment: Appointment, page: str) -> None:
    seen = {"page": page}
    audit.record(
        by=request.user, action=audit.Action.VIEW, obj=appointment, patient=appointment.patient_id, detail=seen
    )


def choose_patient(request: HttpRequest) -> HttpResponse:
    """Those looked for, a few at most; without a search nobody, and then nothing was read."""
    q = search_words.words(request.GET, by=request.user)
    found = patients.search(Patient.objects.on_schedule_of(request.user), q)[:FOUND_AT_MOST] if q else []
    if q:
        audit.record(by=request.user, action=audit.Action.VIEW, obj="patient search")
    context = {
        "heading": _("Book a visit"),
        "q": q,
        "found": found,
        "day": read_day(request.GET),
        "back": reverse("practice:desk-day"),
        "back_label": _("The day"),
    }
    return render(request, "practice/desk/book.html", context)


# -- What ------------------------------------------------------------------------------------------------------------
def read_day(query) -> date:
    try:
        return date.fromisoformat(query.get("day", ""))
    except ValueError:
        return today_in(practice_facts().time_zone)


def first_day(appointment: Appointment | None) -> date:
    """The local date of the visit that moves, else today at the practice."""
    if appointment is None:
        return today_in(practice_facts().time_zone)
    return appointment.starts_at.astimezone(ZoneInfo(appointment.zone)).date()


def read_what(query, patient: Patient, appointment: Appointment | None = None) -> tuple[WhatForm, What]:
    """The choice in the query string; what is missing comes from the appointment or the patient's last visit."""
    last = appointment or (
        Appointment.objects.filter(patient=patient).select_related("type", "location").order_by("-starts_at").first()
    )
    code = last.type.code if appointment else AppointmentType.Code.SESSION
    initial = {
        "type": query.get("type") or code,
        "therapist": query.get("therapist") or (last.therapist_id if last else None),
        "modality": query.get("modality") or (last.modality if last else Modality.IN_PERSON),
        "day": query.get("day") or first_day(appointment).isoformat(),
    }
    form = WhatForm(initial)
    if not form.is_valid():
        first = Therapist.objects.filter(user__is_active=True).order_by("sort_key", "pk").first()
        form = WhatForm(
            {
                "type": code,
                "therapist": first.pk if first else None,
                "modality": Modality.IN_PERSON,
                "day": first_day(None).isoformat(),
            }
        )
        form.is_valid()
    chosen = form.cleaned_data
    offered = availability.offer(
        code=chosen["type"].code, modality=chosen["modality"], therapist_id=chosen["therapist"].pk
    )
    return form, What(**chosen, places=places_of(offered, last), offered=offered)


def places_of(offered: availability.Offer | None, last: Appointment | None) -> list[Location]:
    """Where the therapist works this way, the place of the last visit first; without hours, that place or any."""
    found = list(Location.objects.filter(pk__in=offered.places if offered else []).order_by("name"))
    if last is not None:
        found = sorted(found, key=lambda place: place != last.location) or [last.location]
    return found or list(Location.objects.order_by("pk")[:1])


def when_form(request: HttpRequest, what: What, appointment: Appointment | None = None) -> WhenForm:
    options = {"places": what.places, "in_person": what.in_person}
    if request.method == "POST":
        return WhenForm(request.POST, **options)
    initial = {"token": uuid.uuid4(), "revision": appointment.revision if appointment else None}
    return WhenForm(initial=initial, **options)


# -- When ------------------------------------------------------------------------------------------------------------
def booking_page(request, what: What, choice: WhatForm, form: WhenForm, *, heading, button, patient, appointment=None):
    """A function that renders the page; it reads the free times when it is called, after a lost race too."""
    more = {} if appointment else {"patient": patient.pk}

    def page(*, status: int = 200, **also: Any) -> HttpResponse:
        times, next_free = free_times(what, appointment, more)
        context = {
            "heading": heading,
            "button": button,
            "patient": patient,
            "appointment": appointment,
            "choice": choice,
            "form": form,
            "day": what.day,
            "zone_words": _("Times are %(zone)s, %(place)s")
            % {"zone": zone_label(what.zone), "place": what.places[0].name},
            "before": what.query(what.day - timedelta(days=1), **more),
            "after": what.query(what.day + timedelta(days=1), **more),
            "times": times,
            "next_free": next_free,
            "picked": request.POST.get("pick", ""),
            "token": form["token"].value(),
            "back": f"{reverse('practice:desk-day')}?day={what.day}",
            "back_label": _("The day"),
        }
        return render(request, "practice/desk/book.html", context | also, status=status)

    return page


def free_times(what: What, appointment: Appointment | None, more: dict) -> tuple[list[dict], dict | None]:
    """The free starts of the chosen date, or, without any, the next one after it."""
    if what.offered is None:
        return [], None
    places = {place.pk: place for place in what.places}
    since = slots.local_midnight(what.day, what.zone)
    until = slots.local_midnight(what.day + timedelta(days=1), what.zone)
    now, moving = timezone.now(), appointment.pk if appointment else None
    found = availability.free_between(what.offered, since, until, now=now, moving=moving)
    times = [
        {
            "value": f"{int(slot.starts_at.timestamp())}-{slot.location_id}",
            "clock": date_format(slot.starts_at.astimezone(places[slot.location_id].zone_info), "G:i"),
            "place": places[slot.location_id].name if len(places) > 1 else "",
        }
        for slot in found
        if slot.location_id in places
    ]
    if times:
        return times, None
    later = availability.free_between(what.offered, until, until + 60 * slots.DAY, now=now, moving=moving, limit=1)
    if not later:
        return [], None
    local = later[0].starts_at.astimezone(ZoneInfo(what.zone))
    return [], {"href": what.query(local.date(), **more), "words": date_format(local, "l, F j, G:i")}


def take(page, form: WhenForm, what: What, subject: Patient | Appointment, act) -> HttpResponse:
    """Do ``act(starts_at, anyway)`` and go to the day; every refusal shows the page again with all that was typed.

    ``subject`` is whose time it is about: a patient, or the appointment that moves.
    """
    if not form.is_valid():
        return page(status=422)
    starts_at = form.starts_at(what.day)
    if starts_at is None:
        form.add_error("other_time", _("The clocks change that night: this time does not exist. Choose another."))
        return page(status=422)
    try:
        done = act(starts_at, form.cleaned_data["anyway"])
    except booking.OutsideHours:
        said = _("%(name)s does not work then, or is away. You may book it all the same.")
        return page(status=422, outside=said % {"name": what.therapist.name})
    except booking.TokenReused:
        form.add_error(None, _("This form was sent before with other contents. Look at the day, then book again."))
        return page(status=409)
    except booking.RecordGone:
        form.add_error(None, _("This record was joined into another one, or erased. Look for the person again."))
        return page(status=409)
    except booking.SlotTaken:
        return page(status=409, taken=True, own=own_visit(what, subject, starts_at))
    except UNCHANGEABLE as refusal:
        form.add_error(None, why_not(refusal))
        return page(status=409)
    return redirect(where_shown(done))


def own_visit(what: What, subject: Patient | Appointment, starts_at: datetime) -> dict[str, str] | None:
    """The visit this patient has then already, as from a second tab: in words, and where it is shown."""
    moving = subject if isinstance(subject, Appointment) else None
    length = moving.ends_at - moving.starts_at if moving else None
    times = booking.Times.of(what.type, starts_at, length)
    patient, but = (moving.patient, moving.pk) if moving else (subject, None)
    visit = booking.own_visit(patient=patient, therapist=what.therapist, times=times, but=but)
    if visit is None:
        return None
    local = visit.starts_at.astimezone(ZoneInfo(visit.zone))
    return {"when": date_format(local, "l, F j, G:i"), "with": visit.therapist.name, "href": where_shown(visit)}


def where_shown(appointment: Appointment) -> str:
    """The day sheet with that visit open."""
    local = appointment.starts_at.astimezone(ZoneInfo(appointment.zone))
    return f"{reverse('practice:desk-day')}?day={local.date()}&open={appointment.pk}#opened"


def why_not(refusal: Exception) -> str:
    """A refusal to change a visit, in words for staff."""
    if isinstance(refusal, changing.StaleVersion):
        return _("Somebody changed this visit while the page was open. Look at it again first.")
    if isinstance(refusal, SlotTaken):
        return _("Too many people are changing this calendar just now. Please try again.")
    return _("This visit has taken place, was missed or is cancelled; it cannot be changed any more.")
