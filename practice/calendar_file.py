"""An appointment as an .ics file that calendars understand and that tells nobody what it is for (clinical.md 9.3).

One UID for the appointment's whole life, its revision as SEQUENCE, times in UTC, class PRIVATE, no alarm, the summary
"Appointment". REQUEST and CANCEL go to the one attendee by mail; PUBLISH is for downloads and names no attendee.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress

from practice.models import Appointment, Modality, Practice
from practice.models.booking import CANCELLED

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
FILE_NAME = "appointment.ics"


def content_type(method: Method) -> str:
    """The MIME type; its method must be the file's own."""
    return f"text/calendar; charset=utf-8; method={method}"


def calendar_file(
    appointment: Appointment, *, method: Method, practice: Practice, link: str, phone: str, attendee: str = ""
) -> bytes:
    """The file for one appointment, CRLF and folded. ``attendee`` is the patient's address, empty for PUBLISH."""
    calendar = Calendar()
    calendar.add("prodid", "-//Evenkeel//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"{appointment.uid}@{domain()}")
    event.add("sequence", appointment.revision)
    event.add("dtstamp", in_utc(timezone.now()))
    event.add("dtstart", in_utc(appointment.starts_at))
    event.add("dtend", in_utc(appointment.ends_at))
    event.add("summary", _("Appointment"))
    event.add("description", "\n".join(filter(None, [link, phone])))
    event.add("location", place(appointment))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    gone = method == "CANCEL" or appointment.status in CANCELLED
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("organizer", organizer(practice))
    if method != "PUBLISH":
        event.add("attendee", attendee_of(attendee))
    calendar.add_component(event)
    return calendar.to_ical()


def in_utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def domain() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def place(appointment: Appointment) -> str:
    """The address of a visit in person; never a meeting's own address, which would let in whoever reads the file."""
    if appointment.modality == Modality.IN_PERSON:
        return appointment.location.address
    if appointment.modality == Modality.PHONE:
        return _("By phone")
    return _("Online \N{EN DASH} sign in to join")


def organizer(practice: Practice) -> vCalAddress:
    """Always the practice, whoever the therapist is."""
    address = vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL}")
    address.params["CN"] = practice.short_name.replace('"', "'")
    return address


def attendee_of(email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    address.params["RSVP"] = "TRUE"
    return address
