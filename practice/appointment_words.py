"""What a message may say about an appointment: date, time, zone, telephone number, a link (clinical.md 10.3)."""

from __future__ import annotations

import unicodedata
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice import manage_links
from practice.calendar_file import calendar_file
from practice.models import Appointment, Message, Patient, Practice
from practice.templatetags.evenkeel import tel, wall_clock
from practice.zone import zone_for, zone_label

LINE_LENGTH = 160
# The GSM 03.38 alphabet: a text message of these alone fits 160 characters into one.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
FACTS = ("starts_at", "ends_at", "zone", "location_id", "modality", "therapist_id")


def of_practice(practice: Practice) -> dict[str, object]:
    return {"practice": practice.short_name, "phone": tel(practice.phone)}


def of_appointment(message: Message, appointment: Appointment, practice: Practice) -> dict[str, object]:
    """The words of the e-mail templates."""
    patient = recipient(message)
    zone = zone_for(appointment, patient)
    local = appointment.starts_at.astimezone(ZoneInfo(zone))
    there = appointment.starts_at.astimezone(ZoneInfo(appointment.zone))
    until = appointment.change_until.astimezone(ZoneInfo(zone))
    at_practice = ""
    if there.utcoffset() != local.utcoffset():
        at_practice = (
            f"{date_format(there, 'l')}, {wall_clock(there)} {zone_label(appointment.zone, appointment.starts_at)}"
        )
    return {
        **of_practice(practice),
        "day": date_format(local, "l, F j, Y"),
        "time": wall_clock(local),
        "zone": zone_label(zone, appointment.starts_at),
        "at_practice": at_practice,
        "may_change": timezone.now() <= until,
        "change_until": f"{date_format(until, 'l, F j')}, {wall_clock(until)}",
        "link": link(appointment, patient),
        "link_signs_in": patient.user_id is not None,
    }


def recipient(message: Message) -> Patient:
    """Messages about appointments go to patients."""
    assert message.patient is not None
    return message.patient


def link(appointment: Appointment, patient: Patient) -> str:
    """A visitor's private link acts without sign-in; everybody else is led to sign-in."""
    if patient.user_id is not None:
        return settings.PUBLIC_URL + reverse("practice:appointment-mine")
    return manage_links.url_for(appointment)


def request(message: Message, appointment: Appointment, practice: Practice) -> tuple[bytes, str]:
    return invitation("REQUEST", message, appointment, practice)


def cancel(message: Message, appointment: Appointment, practice: Practice) -> tuple[bytes, str]:
    return invitation("CANCEL", message, appointment, practice)


def invitation(method, message: Message, appointment: Appointment, practice: Practice) -> tuple[bytes, str]:
    """The .ics of an e-mail and the method its MIME type must carry."""
    file = calendar_file(
        appointment,
        method=method,
        practice=practice,
        link="" if method == "CANCEL" else link(appointment, recipient(message)),
        phone=tel(practice.phone),
        attendee=recipient(message).email,
    )
    return file, method


def reminder_line(message: Message, appointment: Appointment, practice: Practice) -> str:
    local = appointment.starts_at.astimezone(ZoneInfo(zone_for(appointment, recipient(message))))
    facts = {
        "practice": practice.short_name,
        "when": f"{date_format(local, 'D, M j')}, {wall_clock(local)} {local.tzname()}",
        "phone": tel(practice.phone),
    }
    return fitting(
        _("%(practice)s: reminder of your appointment %(when)s. For questions, or to stop texts, call %(phone)s."),
        facts,
    )


def changed_line(message: Message, appointment: Appointment, practice: Practice) -> str:
    """One text for a move and for a cancellation: the details stay behind the sign-in or the telephone."""
    facts = {"practice": practice.short_name, "phone": tel(practice.phone)}
    return fitting(
        _("%(practice)s: your appointment has changed. Please sign in or call %(phone)s. Call, too, to stop texts."),
        facts,
    )


def new_message_line(message: Message, about: object, practice: Practice) -> str:
    facts = {"practice": practice.short_name, "phone": tel(practice.phone)}
    text = _("%(practice)s: you have a new message. Please sign in to read it. To stop texts, call %(phone)s.")
    return fitting(text, facts)


def fitting(text: str, facts: dict[str, str]) -> str:
    """``text`` with ``facts`` in the GSM alphabet and 160 characters; the practice's name gives way, nothing else."""
    line = in_gsm(text % facts)
    over = len(line) - LINE_LENGTH
    if over <= 0:
        return line
    return in_gsm(text % {**facts, "practice": facts["practice"][: -over - 1].rstrip() + "."})


def in_gsm(text: str) -> str:
    """Letters outside the alphabet lose their accent, or become a question mark."""
    return "".join(map(gsm_letter, text))


def gsm_letter(letter: str) -> str:
    if letter in GSM:
        return letter
    plain = unicodedata.normalize("NFKD", letter)[0]
    return plain if plain in GSM else " " if letter.isspace() else "?"


# -- What a person was told ------------------------------------------------------------------------------------------
def facts_now(appointment: Appointment) -> dict[str, object]:
    """What a change must differ in to be news."""
    return {name: getattr(appointment, name) for name in FACTS}


def facts_then(appointment: Appointment, revision: int) -> dict[str, object] | None:
    """The same facts as they stood at an earlier revision, from the change history."""
    return (
        apps.get_model("practice", "AppointmentEvent")
        .objects.filter(pgh_obj=appointment, revision=revision)
        .order_by("-pgh_id")
        .values(*FACTS)
        .first()
    )
