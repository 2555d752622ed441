"""What to call a time zone: by the name people use at home, by its city elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.models import Appointment, Modality, Patient, User
from practice.models.zone import zone_names

HOME_ZONES = {
    "America/New_York": _("Eastern"),
    "America/Chicago": _("Central"),
    "America/Denver": _("Mountain"),
    "America/Phoenix": _("Mountain without summer time (Arizona)"),
    "America/Los_Angeles": _("Pacific"),
    "America/Anchorage": _("Alaska"),
    "Pacific/Honolulu": _("Hawaii"),
    "America/Puerto_Rico": _("Atlantic (Puerto Rico)"),
}
REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def zone_choices() -> list[tuple[str | Promise, Any]]:
    """Zones of the United States by the names people use, then the rest of the world by city."""
    world: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(zone_names() - HOME_ZONES.keys()):
        region, _slash, city = name.partition("/")
        if city and region in world:
            world[region].append((name, city.replace("_", " ").replace("/", ", ")))
    return [(_("United States"), list(HOME_ZONES.items())), *world.items()]


def zone_for(appointment: Appointment, reader: Patient | User) -> str:
    """The zone in which to print an appointment: the clinic's for a visit in person, the reader's own for video and
    phone (architecture.md 5).
    """
    return appointment.zone if appointment.modality == Modality.IN_PERSON else reader.time_zone


def zone_label(name: str, at: dt.datetime | None = None) -> str:
    """What to call a zone beside a time: ``Pacific`` for America/Los_Angeles, else its city and abbreviation."""
    if name in HOME_ZONES:
        return str(HOME_ZONES[name])
    short = (at or timezone.now()).astimezone(ZoneInfo(name)).tzname()
    return f"{name.rpartition('/')[2].replace('_', ' ')} ({short})"


def today_in(zone: str) -> dt.date:
    """The date it is now in ``zone``: a day is a local date of a place, never the UTC date of an instant."""
    return timezone.now().astimezone(ZoneInfo(zone)).date()
