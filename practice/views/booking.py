"""From a free time to a booked one: hold it, type a name, book; without an account and without losing a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice import confirming, consents, holding, manage_links, messages, slots
from practice.availability import Offer, free_between, offer
from practice.booking import LimitReached, SlotTaken, TokenReused
from practice.confirming import Contact
from practice.forms.booking import BookingForm, ConfirmForm, HoldForm
from practice.models import Appointment, AppointmentType, Location, Modality, Patient, Therapist
from practice.models.consent import ConsentType
from practice.slots import DAY, Slot
from practice.views import visitor
from practice.views.manage_link import keep_link, may_change
from practice.views.slot import others, slot_page
from practice.zone import zone_for

WISH, BOOKED = "booking_wish", "booked"
NEAREST = 3
SHOWN = Signer(salt="evenkeel.booking-wish")


@dataclass(frozen=True, slots=True)
class Wish:
    """The time a visitor wants, whether it is still held or not."""

    therapist: Therapist
    type: AppointmentType
    location: Location
    way: str
    starts_at: datetime
    held: Appointment | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.type.length

    @property
    def way_word(self) -> str:
        return str(Modality(self.way).label)

    @property
    def change_until(self) -> datetime:
        """The last moment at which the private link moves or cancels it; it may be past."""
        return self.starts_at - self.type.change_deadline

    @property
    def may_change(self) -> bool:
        return timezone.now() <= self.change_until

    @property
    def is_held(self) -> bool:
        return self.held is not None and self.held.held_until > timezone.now()

    @property
    def plain(self) -> list[Any]:
        """What to remember of it: therapist, way, start and location, as the session or a form keeps them."""
        return [self.therapist.slug, self.way, self.starts_at.astimezone(UTC).isoformat(), self.location.pk]

    @property
    def shown(self) -> str:
        """For the form below it: one browser holds one time, and another tab may hold a different one meanwhile."""
        return SHOWN.sign_object(self.plain)

    def at(self, starts_at: datetime) -> Wish:
        return Wish(self.therapist, self.type, self.location, self.way, starts_at)


@login_not_required
@never_cache
@require_POST
def hold_create(request: HttpRequest) -> HttpResponse:
    """Hold the chosen time for this browser and go on to the few questions."""
    form = HoldForm.posted(request.POST)
    if not form.is_valid():
        slug = form.cleaned_data.get("therapist")
        if not slug:
            return nothing_page(request, status=422)
        problem = next(iter(form.errors.values()))[0]
        return slot_page(request, slug, way=form.cleaned_data.get("way"), problem=problem, status=422)
    therapist = get_object_or_404(Therapist.objects.listed(), slug=form.cleaned_data["therapist"])
    way, starts_at = form.cleaned_data["way"], form.cleaned_data["starts"]
    try:
        hold_for(request, therapist, way, starts_at)
    except SlotTaken as lost:
        return gone(request, therapist, way, starts_at, too_many=isinstance(lost, holding.TooManyHolds))
    return redirect("practice:booking-confirm")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def booking_confirm(request: HttpRequest) -> HttpResponse:
    """The held time with the form beside it; POST books. Whatever goes wrong, the typed words stay."""
    patient = visitor.signed_in_patient(request)
    kind = ConfirmForm if patient else BookingForm
    if request.method != "POST":
        wish = wish_of(request)
        if wish is None:
            return nothing_page(request)
        return form_page(request, kind.fresh(), wish, patient)
    form = kind(request.POST)
    wish = wish_of(request, request.POST)
    if wish is None:
        return nothing_page(request, status=409)
    if not form.is_valid():
        return form_page(request, form, wish, patient, status=422)
    return book(request, form, wish, patient)


@login_not_required
@never_cache
@require_POST
@sensitive_post_parameters()
def hold_extend(request: HttpRequest) -> HttpResponse:
    """Ten more minutes. The button stands in the booking form, so its words come along and are shown again as typed."""
    wish = wish_of(request, request.POST)
    if wish is None:
        return nothing_page(request, status=409)
    patient = visitor.signed_in_patient(request)
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    form = (ConfirmForm if patient else BookingForm).fresh(**typed)
    try:
        held = holding.extend_hold(hold=wish.held)
    except holding.HoldGone:
        return form_page(request, form, wish, patient, status=409)
    return form_page(request, form, wish_of_row(held), patient)


@login_not_required
@never_cache
@require_safe
def booking_done(request: HttpRequest) -> HttpResponse:
    """What was booked, in this browser session: the calendar file and the private link to change or cancel."""
    rows = booked_here(request).select_related("therapist__user", "patient", "type", "location", "room", "manage_link")
    appointment = rows.first()
    if appointment is None:
        return nothing_page(request)
    mine = appointment.patient.user_id is not None
    return render(
        request,
        "practice/booking/done.html",
        {
            "appointment": appointment,
            "zone": zone_for(appointment, appointment.patient),
            "may_change": may_change(appointment),
            "link": "" if mine else manage_links.url_for(appointment),
            **told(appointment),
        },
    )


# -- Holding ---------------------------------------------------------------------------------------------
def hold_for(request: HttpRequest, therapist: Therapist, way: str, starts_at: datetime) -> Appointment:
    """Hold the time for this browser session and remember the wish, so that it survives the hold."""
    held = holding.hold(
        therapist=therapist,
        type=AppointmentType.objects.get(code=AppointmentType.Code.CONSULT_FREE),
        modality=way,
        location=location_of(therapist, way, starts_at),
        starts_at=starts_at,
        session_key=visitor.hold_key(request, make=True),
        address=visitor.address(request),
    )
    request.session[WISH] = wish_of_row(held).plain
    return held


def location_of(therapist: Therapist, way: str, starts_at: datetime) -> Location:
    """Where the therapist works at that time; SlotTaken where nowhere."""
    offered = offer(slug=therapist.slug, modality=way)
    start = int(starts_at.timestamp())
    here = slots.candidates(offered.hours, offered.rules, since=start, until=start + 1) if offered else []
    if not here:
        raise SlotTaken
    return Location.objects.get(pk=here[0][2].location_id)


def wish_of(request: HttpRequest, posted: Mapping[str, str] | None = None) -> Wish | None:
    """The time that was asked for: of the booking the ``posted`` form has made already, of the page it stood on, held
    by this browser or not, or, without a form, the one that this browser holds or remembers.
    """
    posted = posted or {}
    row = holding.find(session_key=visitor.hold_key(request), token=posted.get("token", ""))
    shown = shown_on(posted)
    if row is not None and (row.token or shown in (None, wish_of_row(row).plain)):
        return wish_of_row(row)
    slug, way, starts, location_id = shown or request.session.get(WISH) or (None,) * 4
    therapist = Therapist.objects.listed().filter(slug=slug).first() if slug else None
    location = Location.objects.filter(pk=location_id).first()
    if therapist is None or location is None:
        return None
    type = AppointmentType.objects.get(code=AppointmentType.Code.CONSULT_FREE)
    return Wish(therapist, type, location, way, datetime.fromisoformat(starts))


def shown_on(posted: Mapping[str, str]) -> list[Any] | None:
    """What the page of this form showed; None where it does not say so, or in words that are not ours."""
    try:
        return SHOWN.unsign_object(posted.get("wish", ""))
    except BadSignature:
        return None


def wish_of_row(row: Appointment) -> Wish:
    return Wish(row.therapist, row.type, row.location, row.modality, row.starts_at, row)


# -- Booking -----------------------------------------------------------------------------------------------------------
def book(request: HttpRequest, form: ConfirmForm, wish: Wish, patient: Patient | None) -> HttpResponse:
    """Make the appointment and go to the page that says so; a 409 with the form as typed where that cannot be."""
    contact = None
    if isinstance(form, BookingForm):
        zone = visitor.reading_zone(request, Modality.VIDEO, wish.location.zone)
        contact = form.contact(time_zone=zone, origin=visitor.origin(request))
    try:
        appointment = booked(request, form, wish, patient, contact)
    except TokenReused:
        return form_page(request, form, wish, patient, status=409, problem="sent")
    except LimitReached:
        return call_page(request, form, wish, patient)
    except SlotTaken:
        wanted = form.cleaned_data["starts"] or wish.starts_at
        return form_page(request, form, wish.at(wanted), patient, status=409, problem="gone")
    request.session.pop(WISH, None)
    request.session[BOOKED] = str(appointment.uid)
    response = redirect("practice:booking-done")
    return response if patient else keep_link(response, appointment)


def booked(
    request: HttpRequest, form: ConfirmForm, wish: Wish, patient: Patient | None, contact: Contact | None
) -> Appointment:
    """Confirm the hold, or book at once where it ran out or another time was chosen beside the form."""
    other = form.cleaned_data["starts"]
    how = {
        "by": request.user if request.user.is_authenticated else None,
        "token": form.cleaned_data["token"],
        "contact": contact,
        "patient": patient,
    }
    if wish.held is not None and other in (None, wish.held.starts_at):
        return confirming.confirm_hold(hold=wish.held, **how)
    starts_at = other or wish.starts_at
    return confirming.book_free(
        therapist=wish.therapist,
        type=wish.type,
        modality=wish.way,
        location=location_of(wish.therapist, wish.way, starts_at) if other else wish.location,
        starts_at=starts_at,
        session_key=visitor.hold_key(request, make=True),
        **how,
    )


# -- Pages -------------------------------------------------------------------------------------------------------------
def form_page(
    request: HttpRequest,
    form: ConfirmForm,
    wish: Wish,
    patient: Patient | None,
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    """The form with the time above it; ``problem``: gone, or sent (the same form with other words)."""
    if isinstance(form, BookingForm) and wish.way == Modality.PHONE:
        form.fields["phone"].help_text = _("We call you at this number.")
    return render(
        request,
        "practice/booking/confirm.html",
        {
            "form": form,
            "wish": wish,
            "patient": patient,
            "zone": visitor.reading_zone(request, wish.way, wish.location.zone),
            "problem": problem,
            "error_title": bool(problem),
            "nearest": nearest(wish.therapist, wish.way, wish.starts_at) if problem == "gone" else [],
        },
        status=status,
    )


def call_page(request: HttpRequest, form: ConfirmForm, wish: Wish, patient: Patient | None) -> HttpResponse:
    """A limit was reached, and the page does not say which: the telephone, and no button that could only fail again.

    The time is given back at once, so that the front desk can book it for whoever calls.
    """
    holding.release_hold(hold=wish.held)
    zone = visitor.reading_zone(request, wish.way, wish.location.zone)
    context = {"typed": form.cleaned_data, "wish": wish, "patient": patient, "zone": zone, "error_title": True}
    return render(request, "practice/booking/call.html", context, status=409)


def nothing_page(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    """No time is held: what to do, and where to see what this browser has just booked."""
    context = {"is_booked": booked_here(request).exists()}
    return render(request, "practice/booking/nothing.html", context, status=status)


def booked_here(request: HttpRequest) -> QuerySet[Appointment]:
    """What this browser session booked last, as long as it stands and is not over."""
    rows = Appointment.objects.filter(uid=request.session.get(BOOKED), cancelled_at=None)
    return rows.filter(ends_at__gt=timezone.now())


def told(appointment: Appointment) -> dict[str, object]:
    """Where a confirmation and a reminder by text message go, by the consents on record; empty where none goes.

    A reminder is promised where one waits, and told of where it has been sent, whenever the page is read.
    """
    patient, allowed = appointment.patient, consents.active_consents(appointment.patient)
    mail_to = patient.email if ConsentType.EMAIL in allowed else ""
    text = messages.reminder_by_text(appointment) if ConsentType.SMS in allowed else None
    return {"mail_to": mail_to, "text_to": str(patient.phone) if text else "", "is_texted": bool(text and text.sent_at)}


def gone(
    request: HttpRequest, therapist: Therapist, way: str, starts_at: datetime, *, too_many: bool = False
) -> HttpResponse:
    """Nothing was typed yet: the three nearest times of the therapist, and the first of the others."""
    offered = offer(slug=therapist.slug, modality=way)
    known = offered.by_slug(therapist.slug) if offered else None
    found = nearest(therapist, way, starts_at, offered)
    return render(
        request,
        "practice/booking/gone.html",
        {
            "therapist": therapist,
            "way": way,
            "nearest": found,
            "others": others(request, known) if known and not found else [],
            "zone": visitor.reading_zone(request, way, offered.zone if offered else ""),
            "too_many": too_many,
            "error_title": True,
        },
        status=409,
    )


def nearest(therapist: Therapist, way: str, starts_at: datetime, offered: Offer | None = None) -> list[Slot]:
    """The three free times nearest to ``starts_at``, before or after, by time."""
    offered = offered or offer(slug=therapist.slug, modality=way)
    if offered is None:
        return []
    now, wanted = timezone.now(), int(starts_at.timestamp())
    for days in (1, 7, 42):
        found = free_between(offered, wanted - days * DAY, wanted + days * DAY, now=now)
        if len(found) >= NEAREST:
            break
    found.sort(key=lambda slot: abs(slot.starts_at - starts_at))
    return sorted(found[:NEAREST])
