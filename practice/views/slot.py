"""Free times for visitors: of one therapist by week and day, the first of all, both as pages and as slim JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from practice import slots
from practice.availability import Offer, Offered, first_free, free_between, offer
from practice.forms.booking import ZoneForm, read_query
from practice.models import Modality
from practice.picker import picker
from practice.views import visitor
from practice.zone import HOME_ZONES, zone_label

FIRST = 10
OTHERS = 3


@login_not_required
@require_safe
def slot_list(request: HttpRequest, slug: str) -> HttpResponse:
    return slot_page(request, slug, *read_query(request.GET))


def slot_page(
    request: HttpRequest, slug: str, day=None, way: str | None = None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The picker of one therapist; ``problem`` is what was wrong with the choice, if anything was."""
    offered, therapist = offer_of(slug, way)
    key = visitor.hold_key(request)
    zone = visitor.reading_zone(request, therapist.way, offered.zone)
    shown = picker(offered, zone=zone, now=timezone.now(), day=day, hold_key=key) if offered.hours else None
    context = {
        "therapist": therapist,
        "ways": [(each, Modality(each).label) for each in therapist.ways],
        "offered": offered,
        "minutes": offered.rules.length // 60,
        "picker": shown,
        "zone": zone,
        "zones": zones_to_choose(zone) if therapist.way != Modality.IN_PERSON else [],
        "places": sorted({place.name for place in offered.places.values()}),
        "others": others(therapist) if shown is None or not shown.parts else [],
        "problem": problem,
        "error_title": bool(problem),
        "here": request.get_full_path() if request.method == "GET" else request.path,
    }
    name = "picker" if request.htmx and not request.htmx.boosted else "list"
    response = render(request, f"practice/slot/{name}.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_not_required
@require_safe
def slot_json(request: HttpRequest, slug: str) -> HttpResponse:
    """The free starts of one therapist on one local date, as ISO instants of the zone named; two queries."""
    day, way = read_query(request.GET)
    offered, therapist = offer_of(slug, way)
    if not offered.hours:
        return as_json({"day": None, "zone": offered.zone, "way": therapist.way, "times": []})
    now, zone = timezone.now(), visitor.reading_zone(request, therapist.way, offered.zone)
    day = day or now.astimezone(ZoneInfo(zone)).date()
    since, until = slots.local_midnight(day, zone), slots.local_midnight(day + timedelta(days=1), zone)
    found = free_between(offered, since, until, now=now, hold_key=visitor.hold_key(request))
    here = ZoneInfo(zone)
    times = [slot.starts_at.astimezone(here).isoformat() for slot in found]
    return as_json({"day": day.isoformat(), "zone": zone, "way": therapist.way, "times": times})


@login_not_required
@require_safe
def slot_first(request: HttpRequest) -> HttpResponse:
    """The first ten free times of all therapists, in the clinic's zone or the reader's."""
    _day, way = read_query(request.GET)
    offered = offer(modality=way)
    found = first_of_all(request, offered)
    zone = visitor.reading_zone(request, way or "", offered.zone if offered else "")
    return render(
        request,
        "practice/slot/first.html",
        {
            "days": by_day(found, zone),
            "key": tuple(found),
            "zone": zone,
            "zones": zones_to_choose(zone) if offered and way != Modality.IN_PERSON else [],
            "minutes": offered.rules.length // 60 if offered else 0,
            "way": way,
            "ways": Modality.choices,
            "here": request.get_full_path(),
        },
    )


@login_not_required
@require_safe
def slot_first_json(request: HttpRequest) -> HttpResponse:
    """The same as [therapist, way, instant] in UTC."""
    _day, way = read_query(request.GET)
    found = first_of_all(request, offer(modality=way))
    return as_json({"times": [[who.slug, who.way, slot.starts_at.isoformat()] for slot, who in found]})


@login_not_required
def slot_zone(request: HttpRequest) -> HttpResponse:
    """Choose the zone times are printed in; it is remembered in the browser session, not on GET."""
    form = ZoneForm(request.POST or None, initial={"zone": request.session.get(visitor.ZONE)})
    back = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    back = back if ours and back.startswith("/") else reverse("practice:slot-first")
    if request.method == "POST" and form.is_valid():
        visitor.remember_zone(request, form.cleaned_data["zone"])
        return redirect(back)
    status = 422 if form.errors else 200
    return render(request, "practice/slot/zone.html", {"form": form, "back": back}, status=status)


# -- What the pages share ----------------------------------------------------------------------------------------------
def offer_of(slug: str, way: str | None) -> tuple[Offer, Offered]:
    """What a listed therapist offers to the public by ``way``, or by the first way they have; 404 for anybody else."""
    offered = offer(slug=slug, modality=way)
    therapist = offered.by_slug(slug) if offered else None
    if offered is None or therapist is None:
        raise Http404
    if not offered.hours and way and therapist.ways:
        return offer_of(slug, None)
    return offered, therapist


def others(therapist: Offered) -> list[tuple[slots.Slot, Offered]]:
    """The first free times of other therapists."""
    offered = offer()
    if offered is None:
        return []
    rest = offered.only(pk for pk in offered.therapists if pk != therapist.pk)
    return [(slot, rest.therapists[slot.therapist_id]) for slot in first_free(rest, OTHERS, now=timezone.now())]


def first_of_all(request: HttpRequest, offered: Offer | None) -> list[tuple[slots.Slot, Offered]]:
    if offered is None:
        return []
    found = first_free(offered, FIRST, now=timezone.now(), hold_key=visitor.hold_key(request))
    return [(slot, offered.therapists[slot.therapist_id]) for slot in found]


def by_day(found: list[tuple[slots.Slot, Offered]], zone: str) -> list[tuple[object, list]]:
    here, days = ZoneInfo(zone), {}
    for slot, who in found:
        day = slot.starts_at.astimezone(here).date()
        days.setdefault(day, []).append((slot, who, Modality(who.way).label))
    return list(days.items())


def zones_to_choose(zone: str) -> tuple[tuple[str, str], ...]:
    """The zones of home and the one in use, for the small select; the whole world is one page further."""
    known = {name: str(label) for name, label in HOME_ZONES.items()}
    if zone not in known:
        known = {zone: zone_label(zone)} | known
    return tuple(known.items())


def as_json(value: dict) -> HttpResponse:
    return HttpResponse(json.dumps(value, separators=(",", ":")), content_type="application/json")
