"""Free times for visitors: of one therapist by week and day, the first of all, both as pages and as slim JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from practice import slots
from practice.availability import Offer, Offered, first_free, free_between, offer
from practice.forms.booking import ZoneForm, read_after, read_query
from practice.models import Modality
from practice.picker import clock_face, picker
from practice.views import visitor
from practice.zone import HOME_ZONES, zone_label

FIRST = 10
OTHERS = 3
WEEK = 7


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
    zone = visitor.reading_zone(request, therapist.way, offered.zone, offered.home)
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
        "others": others(request, therapist) if shown is None or not shown.parts else [],
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
    now, zone = timezone.now(), visitor.reading_zone(request, therapist.way, offered.zone, offered.home)
    day = day or now.astimezone(ZoneInfo(zone)).date()
    since, until = slots.local_midnight(day, zone), slots.local_midnight(day + timedelta(days=1), zone)
    found = free_between(offered, since, until, now=now, hold_key=visitor.hold_key(request))
    here = ZoneInfo(zone)
    times = [slot.starts_at.astimezone(here).isoformat() for slot in found]
    return as_json({"day": day.isoformat(), "zone": zone, "way": therapist.way, "times": times})


@login_not_required
@require_safe
def slot_first(request: HttpRequest) -> HttpResponse:
    """Ten free times of all therapists: the first, the first from a day on, or those after a page seen before."""
    day, way = read_query(request.GET)
    after, now = read_after(request.GET), timezone.now()
    offered = offer(modality=way)
    zone = visitor.reading_zone(request, way or "", offered.zone if offered else "", offered.home if offered else "")
    found = first_of_all(request, offered, since_of(day, zone), after)
    rows = [time_row(offered, slot, who, zone, with_ways=way is None) for slot, who in found]
    begins = after[0].astimezone(ZoneInfo(zone)).date() if after else day or (rows[0].day if rows else None)
    return render(
        request,
        "practice/slot/first.html",
        {
            "days": by_day(rows),
            "key": tuple(rows),
            "strip": day_strip(offered, zone, now, begins) if offered and offered.hours else None,
            "later": cursor(*found[-1]) if len(found) == FIRST else "",
            "is_later": bool(day or after),
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


def others(request: HttpRequest, therapist: Offered) -> list[TimeRow]:
    """The first free times of other therapists, each by the clock that goes for it."""
    offered = offer()
    if offered is None:
        return []
    rest = offered.only(pk for pk in offered.therapists if pk != therapist.pk)
    zone = visitor.reading_zone(request, "", rest.zone, rest.home)
    found = first_free(rest, OTHERS, now=timezone.now())
    return [time_row(rest, slot, rest.therapists[slot.therapist_id], zone) for slot in found]


# -- The free times of all therapists ----------------------------------------------------------------------------------
class TimeRow(NamedTuple):
    """A free time as printed: by the clock of ``zone``, named in ``zone_word`` where it is not the page's.

    ``other_ways``: how else the therapist meets, by name and word, where the page is not about one way alone.
    """

    slot: slots.Slot
    who: Offered
    way_word: str
    day: date
    clock: str
    zone_word: str
    other_ways: tuple[tuple[str, str], ...] = ()


class DayStrip(NamedTuple):
    """A week of days to begin at, those without hours left out; the weeks around it by their first day."""

    days: tuple[date, ...]
    chosen: date | None
    before: date | None
    after: date | None


def since_of(day: date | None, zone: str) -> int | None:
    return slots.local_midnight(day, zone) if day else None


def first_of_all(
    request: HttpRequest, offered: Offer | None, since: int | None = None, after: tuple[datetime, str] | None = None
) -> list[tuple[slots.Slot, Offered]]:
    """Ten free times at most: from now on, from ``since`` on, or those that follow a time of a therapist."""
    if offered is None:
        return []
    now, key = timezone.now(), visitor.hold_key(request)
    begin = max(since or 0, int(now.timestamp()))
    if after is None:
        found = first_free(offered, FIRST, now=now, since=begin, hold_key=key)
    else:
        moment, last = after[0], offered.by_slug(after[1])
        begin = max(begin, int(moment.timestamp()))
        # Everybody may have the time that ended the page before, so that many may be left out.
        wanted = first_free(offered, FIRST + len(offered.therapists), now=now, since=begin, hold_key=key)
        edge = (moment, last.pk if last else 0)
        found = [slot for slot in wanted if (slot.starts_at, slot.therapist_id) > edge][:FIRST]
    return [(slot, offered.therapists[slot.therapist_id]) for slot in found]


def cursor(slot: slots.Slot, who: Offered) -> str:
    """What read_after reads."""
    return f"{slot.starts_at:%Y-%m-%dT%H:%MZ}_{who.slug}"


def time_row(offered: Offer, slot: slots.Slot, who: Offered, zone: str, *, with_ways: bool = False) -> TimeRow:
    own, language = offered.zone_at(slot, zone), get_language()
    local = slot.starts_at.astimezone(ZoneInfo(own))
    clock = clock_face(local.hour, local.minute, language)
    word = zone_label(own, slot.starts_at) if own != zone else ""
    others = other_ways(who.ways, who.way, language) if with_ways else ()
    return TimeRow(slot, who, way_word(who.way, language), local.date(), clock, word, others)


@lru_cache(maxsize=64)
def way_word(way: str, language: str | None) -> str:
    """A way to meet as it is called in the ``language`` that is active."""
    return str(Modality(way).label)


@lru_cache(maxsize=256)
def other_ways(ways: tuple[str, ...], but: str, language: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((each, way_word(each, language)) for each in ways if each != but)


def by_day(rows: list[TimeRow]) -> list[tuple[date, list[TimeRow]]]:
    days: dict[date, list[TimeRow]] = {}
    for row in rows:
        days.setdefault(row.day, []).append(row)
    return list(days.items())


def day_strip(offered: Offer, zone: str, now: datetime, chosen: date | None) -> DayStrip:
    """Seven days from today, or from a whole number of weeks later where ``chosen`` lies there."""
    here = ZoneInfo(zone)
    today, last = now.astimezone(here).date(), (now + timedelta(seconds=offered.rules.horizon)).astimezone(here).date()
    reached = min(max(chosen or today, today), last)
    begin = reached - timedelta(days=(reached - today).days % WEEK)
    # Weekdays of hours are those of the clinic; far away a day of work may touch two.
    worked = {stretch.weekday for stretch in offered.hours} if zone == offered.zone else set(range(WEEK))
    days = (begin + timedelta(days=number) for number in range(WEEK))
    return DayStrip(
        tuple(day for day in days if day <= last and (day.weekday() in worked or day == chosen)),
        chosen,
        begin - timedelta(days=WEEK) if begin > today else None,
        begin + timedelta(days=WEEK) if begin + timedelta(days=WEEK) <= last else None,
    )


def zones_to_choose(zone: str) -> tuple[tuple[str, str], ...]:
    """The zones of home and the one in use, for the small select; the whole world is one page further."""
    home = home_zones(get_language())
    return home if zone in HOME_ZONES else ((zone, zone_label(zone)), *home)


@lru_cache(maxsize=8)
def home_zones(language: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(label)) for name, label in HOME_ZONES.items())


def as_json(value: dict) -> HttpResponse:
    return HttpResponse(json.dumps(value, separators=(",", ":")), content_type="application/json")
