"""The start page: every app brings its cards and badges, and nobody imports anybody (architecture.md 3).

An app takes part by a module ``home.py`` with any of

* ``cards(user) -> list[Card]``: entries of the start page;
* ``badges(user) -> list[Badge]``: counted links, asked for on every staff page: at most one query, none for a role it
  does not concern;
* ``marks(user, appointments) -> dict[int, list[Mark]]``: words beside the visits of a clinician's day, by id;
* ``parts() -> list[Part]``: what the app watches, for the status page (practice/status.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext as _

from practice.models import Appointment, Patient, Status, User


@dataclass(frozen=True, order=True)
class Card:
    """One entry of a person's start page, drawn by a template of the app that owns it.

    ``order`` sorts cards, smallest first: 10 next appointment, 20 course, 30 to do, 40 reading, 50 the rest. ``region``
    says where staff see it: ``waiting`` is the list of things that wait for them, ``main`` the page itself. A card that
    ``asks`` wants something done; one that only tells how things stand is no step, and a rough day shows the others.
    """

    order: int
    template: str = field(compare=False)
    context: Mapping[str, Any] = field(default_factory=dict, compare=False)
    region: str = field(default="main", compare=False)
    asks: bool = field(default=True, compare=False)


@dataclass(frozen=True, order=True)
class Badge:
    """A counted link in the head of staff pages, such as "1 alert". It names no patient and no content."""

    order: int
    label: str = field(compare=False)
    url: str = field(compare=False)
    icon: str = field(default="bang", compare=False)
    tone: str = field(default="care", compare=False)

    @property
    def is_urgent(self) -> bool:
        """An urgent badge stands in the header of every page, the others only on the start page."""
        return self.tone == "stop"


@dataclass(frozen=True)
class Mark:
    """A word beside one visit of the day, such as "Session 8 of 12" or, with a ``url``, "Write note"."""

    label: str
    url: str = ""
    icon: str = ""
    tone: str = ""


@cache
def home_modules() -> tuple[ModuleType, ...]:
    names = [f"{config.name}.home" for config in apps.get_app_configs()]
    return tuple(import_module(name) for name in names if find_spec(name))


def offered(kind: str, user: User) -> Iterator[Any]:
    for module in home_modules():
        offer = getattr(module, kind, None)
        if offer:
            yield from offer(user)


def collect_cards(user: User) -> list[Card]:
    """Every card that any app has for this person today, in their order."""
    return sorted(offered("cards", user))


def collect_badges(user: User) -> list[Badge]:
    """Every counted link that any app has for this person now, in their order."""
    return sorted(offered("badges", user))


def collect_marks(user: User, appointments: Sequence[Appointment]) -> dict[int, list[Mark]]:
    """What the apps say beside each of these visits, by appointment id."""
    found: dict[int, list[Mark]] = {}
    for module in home_modules():
        offer = getattr(module, "marks", None)
        for pk, marks in offer(user, appointments).items() if offer else ():
            found.setdefault(pk, []).extend(marks)
    return found


def greeting(now: dt.datetime) -> str:
    """Good morning until noon, good evening from six, in the reader's own zone (``now`` carries it)."""
    if now.hour < 12:
        return _("Good morning")
    return _("Good afternoon") if now.hour < 18 else _("Good evening")


def next_appointment(patient: Patient) -> Appointment | None:
    """The nearest visit that has not ended, arrived ones included, with everything the page prints."""
    return (
        Appointment.objects.filter(patient=patient, ends_at__gt=timezone.now(), status__in=EXPECTED)
        .select_related("therapist__user", "type", "location", "room")
        .order_by("starts_at")
        .first()
    )


EXPECTED = (Status.REQUESTED, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED)


def day_of(user: User, day: dt.date, zone: dt.tzinfo) -> list[Appointment]:
    """The visits of a clinician's own calendar that start on ``day`` of ``zone``, missed ones included, holds not.

    A day is a local date: its ends are wall-clock midnights, 23 or 25 hours apart when the clocks change.
    """
    begins = dt.datetime.combine(day, dt.time(), zone)
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
    return list(
        Appointment.objects.living()
        .exclude(status=Status.HELD)
        .filter(therapist__user=user, starts_at__gte=begins, starts_at__lt=ends)
        .select_related("patient", "type", "location", "room")
        .order_by("starts_at", "pk")
    )
