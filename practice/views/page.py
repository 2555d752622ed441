"""The text pages of the practice: what it does, what it costs, who sees what, and where help is right now."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.availability import Offer, free_between, offer
from practice.models import AppointmentType, Therapist
from practice.slots import DAY
from practice.views import visitor


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    offered = offer()
    zone = visitor.reading_zone(request, "", "", offered.home) if offered else ""
    return render(
        request,
        "practice/page/home.html",
        {
            "therapists": list(Therapist.objects.listed()),
            "firsts": first_of_days(offered, timezone.now(), zone) if offered else [],
            "zone": zone,
        },
    )


def first_of_days(offered: Offer, now: datetime, reader: str, days: int = 3) -> list[tuple[datetime, str]]:
    """The first free start of each of the nearest ``days`` local days that have one, within a week, each with the zone
    it is printed in; one query.
    """
    begin = int(now.timestamp())
    firsts: dict[date, tuple[datetime, str]] = {}
    for slot in free_between(offered, begin, begin + 7 * DAY, now=now):
        zone = offered.zone_at(slot, reader)
        firsts.setdefault(slot.starts_at.astimezone(ZoneInfo(zone)).date(), (slot.starts_at, zone))
    return list(firsts.values())[:days]


@login_not_required
@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    return render(request, "practice/page/how_it_works.html")


@login_not_required
@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    kinds = AppointmentType.objects.order_by("price_cents", "length", "pk")
    therapists = Therapist.objects.listed()
    return render(
        request,
        "practice/page/fees.html",
        {
            "kinds": kinds,
            "plans": sorted({plan for therapist in therapists for plan in therapist.plans}),
        },
    )


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "practice/page/privacy.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "practice/page/accessibility.html")


@login_not_required
@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    """The crisis page (clinical.md 7.1): no sign-in, no script, one style sheet, no third party."""
    return render(request, "practice/page/help_now.html")
