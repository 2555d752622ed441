"""What the tests of messages share: consents, appointments with their messages, letters, a gateway with troubles."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from practice import manage_links, messages, outbox_folder
from practice.letter import Letter
from practice.models import Appointment, ConsentRecord, Message, Patient
from practice.models.consent import Decision
from practice.sending import Tally, send_batch
from tests import cast

DAYTIME = cast.at("2026-05-12 18:00")  # Tuesday, 11:00 in Oregon


def consent(patient: Patient, *types: str, decision: str = Decision.GIVEN) -> None:
    for type_ in types:
        ConsentRecord.objects.create(patient=patient, type=type_, decision=decision)


def booked(therapist, patient, *, starts_at: datetime | None = None, **fields) -> Appointment:
    """An appointment four days ahead unless said otherwise, with its messages planned."""
    starts_at = starts_at or timezone.now() + timedelta(days=4)
    appointment = cast.appointment(
        therapist=therapist.therapist, patient=patient, starts_at=starts_at, modality="in_person", **fields
    )
    manage_links.make(appointment)
    messages.appointment_booked(appointment)
    return appointment


def moved(appointment: Appointment, by: timedelta, **kwargs) -> None:
    """As a move leaves the row."""
    appointment.starts_at += by
    appointment.ends_at += by
    appointment.guard = (appointment.starts_at, appointment.ends_at)
    appointment.revision += 1
    appointment.save()
    messages.appointment_moved(appointment, **kwargs)


def cancelled(appointment: Appointment, **kwargs) -> None:
    appointment.status, appointment.cancelled_at = "cancelled_early", timezone.now()
    appointment.revision += 1
    appointment.save()
    messages.appointment_cancelled(appointment, **kwargs)


def send(now: datetime | None = None) -> Tally:
    """Send everything that is due at ``now``, without asking the database's clock: tests travel."""
    total = Tally()
    while True:
        tally = send_batch(now=now or timezone.now())
        total.add(tally)
        if not tally.claimed:
            return total


def letters() -> list[Letter]:
    """Everything delivered so far, oldest first."""
    return [delivered.letter for delivered in reversed(outbox_folder.newest(10_000))]


def states(about: Appointment) -> set[tuple[str, str, str]]:
    """(kind, channel, state) of every message about ``about``."""
    rows = Message.objects.filter(about_type="practice.appointment", about_id=about.pk)
    return set(rows.values_list("kind", "channel", "state"))


class Scripted:
    """A gateway of its own kind, for tests of trouble: each letter meets the next thing of ``script``, then success.

    A script entry is an exception to raise, or a function to call with the letter before it succeeds.
    """

    longest = 1.0

    def __init__(self, *script, forever=None) -> None:
        self.script, self.forever, self.sent = list(script), forever, []

    def send(self, letter) -> str:
        step = self.script.pop(0) if self.script else self.forever
        if isinstance(step, Exception):
            raise step
        if step:
            step(letter)
        self.sent.append(letter)
        return "scripted"

    def close(self) -> None: ...


def many(therapist, patient, count: int, *, first: int = 1) -> list[Message]:
    """``count`` confirmations that are due now, each of an appointment of its own, an hour apart."""
    consent(patient, "EMAIL")
    for number in range(count):
        booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=first + number))
    return list(Message.objects.filter(kind="appointment_booked").order_by("due_at", "id"))
