"""Waiting for what the worker sends: letters in the demo's outbox folder, with a time-out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from practice import outbox_folder
from practice.letter import Letter
from practice.models import Appointment, Message
from practice.models.message import MessageState
from practice.walk.pages import Missed

PATIENCE = 60.0  # seconds for the worker to send what is due
LOOK_EVERY = 0.2
NEWEST = 40


def wait_for(what: str, find: Callable[[], Letter | None], seconds: float = PATIENCE) -> Letter:
    """The letter ``find`` finds. Raises Missed when it has not come in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (found := find()) is not None:
            return found
        time.sleep(LOOK_EVERY)
    raise Missed(f"{what} has not come in {seconds:.0f} s; do worker and beat, or send_due --loop, run?")


def letter(to: str, kind: str, holding: str = "", but: str = "", since: datetime | None = None) -> Letter:
    """The newest letter of a kind to an address; its calendar file must hold ``holding`` and must not hold ``but``."""

    def find() -> Letter | None:
        for delivered in outbox_folder.newest(NEWEST):
            one = delivered.letter
            if since and delivered.at < since:
                continue
            calendar = (one.calendar or b"").decode()
            if one.to == to and one.kind == kind and holding in calendar and not (but and but in calendar):
                return one
        return None

    return wait_for(f"the letter “{kind}”", find)


def link_in(found: Letter) -> str:
    address = re.search(r"https?://\S+", found.text)
    if address is None:
        raise Missed(f"the letter “{found.kind}” holds no link")
    return address[0].rstrip(".")


def sequence_of(found: Letter) -> int:
    """The SEQUENCE of the letter's calendar file."""
    number = re.search(r"^SEQUENCE:(\d+)\s*$", (found.calendar or b"").decode(), re.M)
    if number is None:
        raise Missed(f"the letter “{found.kind}” has no calendar file with a SEQUENCE")
    return int(number[1])


def uid_of(found: Letter) -> str:
    text = (found.calendar or b"").decode().replace("\r\n ", "")
    uid = re.search(r"^UID:(\S+)\s*$", text, re.M)
    if uid is None:
        raise Missed(f"the letter “{found.kind}” has no calendar file with a UID")
    return uid[1]


def bring_forward(uid: str, kind: str, channel: str) -> None:
    """Make a planned reminder of an appointment due now; the one thing here that no page can do."""
    appointment = Appointment.objects.get(uid=uid)
    now = timezone.now()
    moved = Message.objects.filter(
        about_type=Appointment._meta.label_lower,
        about_id=appointment.pk,
        kind=kind,
        channel=channel,
        revision=appointment.revision,
        state=MessageState.PLANNED,
    ).update(due_at=now, next_attempt_at=now)
    if moved != 1:
        raise Missed(f"{moved} planned messages “{kind}” by {channel}, wanted one")
