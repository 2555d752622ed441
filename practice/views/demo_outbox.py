"""The demo's outbox: every message Evenkeel would have sent, readable by anybody. It has no address in production."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from practice import calendar_file, outbox_folder
from practice.context import practice_facts
from practice.models import Appointment, Message
from practice.outbox_folder import Delivered

PAGE = 12


@dataclass(frozen=True)
class About:
    """For whom a message is, by first name, and the visit it speaks of, with the zone of its place."""

    name: str
    visit: datetime | None
    zone: str


@login_not_required
@require_safe
def demo_outbox(request: HttpRequest) -> HttpResponse:
    only_in_demo()
    page = Paginator(outbox_folder.paths(), PAGE).get_page(request.GET.get("page"))
    deliveries = [outbox_folder.read(path) for path in page]
    known = about([delivered.letter.key for delivered in deliveries])
    rows = [(delivered, known.get(delivered.letter.key)) for delivered in deliveries]
    return render(request, "practice/demo/outbox.html", {"rows": rows, "page": page, "zone": zone_of(request)})


@login_not_required
@require_safe
def demo_letter(request: HttpRequest, key: UUID) -> HttpResponse:
    return render(request, "practice/demo/letter.html", {"delivered": found(key), "zone": zone_of(request)})


@login_not_required
@require_safe
def demo_calendar(request: HttpRequest, key: UUID) -> HttpResponse:
    """The .ics of a letter, with the type it was mailed with."""
    letter = found(key).letter
    if not letter.calendar:
        raise Http404
    return HttpResponse(
        letter.calendar,
        content_type=calendar_file.content_type(letter.method),
        headers={"Content-Disposition": f'attachment; filename="{calendar_file.FILE_NAME}"'},
    )


def about(keys: list[UUID]) -> dict[UUID, About]:
    """What the rows of these messages say; two queries for any number. A letter without a row is left out."""
    rows = list(Message.objects.filter(pk__in=keys).select_related("patient", "user"))
    visits = Appointment.objects.in_bulk(
        {row.about_id for row in rows if row.about_type == Appointment._meta.label_lower}
    )
    return {row.pk: about_one(row, visits.get(row.about_id)) for row in rows}


def about_one(message: Message, visit: Appointment | None) -> About:
    """A reminder speaks of the time it was planned for, everything else of the time the visit has now."""
    if visit is None or message.about_type != Appointment._meta.label_lower:
        return About(first_name(message), None, "")
    return About(first_name(message), message.occurrence_start or visit.starts_at, visit.zone)


def first_name(message: Message) -> str:
    if message.patient:
        return message.patient.name_to_use or message.patient.first_name
    return message.user.name.partition(" ")[0] if message.user else ""


def zone_of(request: HttpRequest) -> str:
    """The reader's zone; a visitor reads in the practice's."""
    return request.user.time_zone if request.user.is_authenticated else practice_facts().time_zone


def found(key: UUID) -> Delivered:
    only_in_demo()
    delivered = outbox_folder.find(key)
    if delivered is None:
        raise Http404
    return delivered


def only_in_demo() -> None:
    if not settings.DEMO:
        raise Http404
