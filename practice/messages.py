"""The messages of the practice: about appointments, and about accounts.

When a message is due, to whom it may go and what it may say follows clinical.md 10.3: the practice's short name, date,
time, telephone number and a link; no therapist, no kind of visit, no clinical word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice import appointment_words as words
from practice import outbox
from practice.models import Appointment, Invitation, Message, Practice, User
from practice.models.booking import CANCELLED, COMING
from practice.models.message import WAITING, Channel, MessageState
from practice.outbox import Check, Kind, NotWanted, Rows, plan, rows_of, withdraw

__all__ = [
    "KINDS",
    "account_message",
    "appointment_booked",
    "appointment_cancelled",
    "appointment_moved",
    "appointment_reminders",
    "invitation_made",
    "nudge",
    "plan",
    "withdraw",
]

EARLY = dt.timedelta(hours=72)
LATE = dt.timedelta(hours=24)
TOO_LATE_TO_REMIND = dt.timedelta(hours=2)


# -- Planning: called by the actions of practice/booking.py, in their transaction -------------------------------------
def appointment_booked(appointment: Appointment) -> None:
    """Plan the confirmation and the reminders of a new appointment."""
    now = timezone.now()
    outbox.write([*news("appointment_booked", appointment, due_at=now), *appointment_reminders(appointment, now=now)])


def appointment_moved(appointment: Appointment, *, undo_until: dt.datetime | None = None) -> None:
    """Withdraw what waits and plan the news of a change, and new reminders; call it after ``revision`` has risen.

    It serves every change of time, place, way or therapist, and every undo: taking back a move, or a cancellation.
    ``undo_until`` delays the news while staff may still take the change back. At sending the facts are compared with
    those the person was last sent, and nothing goes out where they are equal.
    """
    now = timezone.now()
    withdraw(appointment)
    outbox.write(
        [
            *news("appointment_changed", appointment, due_at=undo_until or now),
            *appointment_reminders(appointment, now=now),
        ]
    )


def appointment_cancelled(appointment: Appointment, *, undo_until: dt.datetime | None = None) -> None:
    """Withdraw what waits and plan the news of a cancellation; call it after ``revision`` has risen."""
    withdraw(appointment)
    outbox.write(news("appointment_cancelled", appointment, due_at=undo_until or timezone.now()))


def news(kind: str, appointment: Appointment, *, due_at: dt.datetime) -> Iterator[Message]:
    """One row per channel on which the kind can be sent; consent decides between them at sending.

    What has begun is no news: a correction of the past is told by nobody's mail.
    """
    if appointment.starts_at > timezone.now():
        yield from on_each_channel(kind, appointment, due_at=due_at, expires_at=appointment.starts_at)


def appointment_reminders(appointment: Appointment, *, now: dt.datetime) -> Iterator[Message]:
    """The reminders at 72 h and at 24 h that lie ahead of ``now``; one whose due time is past is not made."""
    early, late = appointment.starts_at - EARLY, appointment.starts_at - LATE
    if early > now:
        yield from on_each_channel("reminder_early", appointment, due_at=early, expires_at=late)
    if late > now:
        expires_at = appointment.starts_at - TOO_LATE_TO_REMIND
        yield from on_each_channel("reminder_late", appointment, due_at=late, expires_at=expires_at)


def on_each_channel(
    kind: str, appointment: Appointment, *, due_at: dt.datetime, expires_at: dt.datetime
) -> Iterator[Message]:
    patient = appointment.patient
    if patient is None:
        return
    offered = {Channel.EMAIL: bool(patient.email), Channel.SMS: bool(patient.phone and KINDS[kind].line)}
    for channel, possible in offered.items():
        if possible:
            yield outbox.new_message(
                kind=kind,
                channel=channel,
                patient=patient,
                about=appointment,
                revision=appointment.revision,
                due_at=due_at,
                expires_at=expires_at,
            )


def reminder_by_text(appointment: Appointment) -> Message | None:
    """The text message that reminds of the appointment as it stands: one that waits or was sent; None without one."""
    late = Message.objects.about(appointment).filter(kind="reminder_late", channel=Channel.SMS)
    return late.filter(revision=appointment.revision, state__in=(*WAITING, MessageState.SENT)).first()


def account_message(
    *, kind: str, secret: Mapping[str, str], user: User | None = None, expires_at: dt.datetime | None = None
) -> None:
    """Plan an e-mail about an account: ``sign_in_code`` (secret: code), ``sign_in_unknown``, ``password_reset`` (link),
    ``account_changed``. Without a ``user`` the secret's ``to`` names the address; what is secret rests sealed.
    """
    now = timezone.now()
    plan(
        kind=kind,
        channel=Channel.EMAIL,
        user=user,
        about=user or the_practice(),
        occurrence_start=now,
        due_at=now,
        expires_at=expires_at,
        sealed_body=secret,
    )


def the_practice() -> Practice:
    """The one practice; before set-up, when a person may already sign in, the unsaved row that is to come."""
    return Practice.objects.first() or Practice(pk=1, name="Evenkeel", short_name="Evenkeel")


def invitation_made(invitation: Invitation, *, link: str) -> None:
    """Plan the e-mail that carries an invitation's private link."""
    plan(
        kind="invitation",
        channel=Channel.EMAIL,
        about=invitation,
        due_at=timezone.now(),
        expires_at=invitation.expires_at,
        sealed_body={"link": link},
    )


# -- What is still wanted at the moment of sending --------------------------------------------------------------------
def same_revision(message: Message, appointment: Appointment) -> None:
    if message.revision != appointment.revision:
        raise NotWanted("changed since")


def still_coming(message: Message, appointment: Appointment) -> None:
    same_revision(message, appointment)
    if appointment.status not in COMING:
        raise NotWanted("no longer booked")
    if appointment.starts_at <= timezone.now():
        raise NotWanted("has begun")


def still_news(message: Message, appointment: Appointment) -> None:
    """A change is news where it differs from what this person was last sent on this channel; an undo may not."""
    still_coming(message, appointment)
    if last_told(message, appointment) == words.facts_now(appointment):
        raise NotWanted("same as last sent")


def still_cancelled(message: Message, appointment: Appointment) -> None:
    same_revision(message, appointment)
    if appointment.status not in CANCELLED:
        raise NotWanted("no longer cancelled")


def last_told(message: Message, appointment: Appointment) -> dict[str, object] | None:
    """The facts of the appointment as the recipient last read them on this channel; None where nothing was sent, or
    where the last thing sent was a cancellation."""
    last = (
        Message.objects.filter(
            about_type=message.about_type,
            about_id=message.about_id,
            channel=message.channel,
            patient=message.patient_id,
            state=MessageState.SENT,
        )
        .order_by("-revision", "-sent_at")
        .values_list("kind", "revision")
        .first()
    )
    if last is None or last[0] == "appointment_cancelled":
        return None
    return words.facts_then(appointment, last[1])


def not_yet_used(message: Message, invitation: Invitation) -> None:
    if invitation.accepted_at or invitation.withdrawn_at:
        raise NotWanted("no longer open")


def active_account(message: Message, user: User) -> None:
    if not user.is_active:
        raise NotWanted("account closed")


def nudge(name: str, *, label: str | Promise, rows: Rows, still_wanted: Check) -> Kind:
    """A kind of another app that says only "you have a new message, please sign in"."""
    return Kind(
        name,
        label=label,
        rows=rows,
        still_wanted=still_wanted,
        words=sign_in_words,
        line=words.new_message_line,
        stem="new_message",
    )


# -- The kinds --------------------------------------------------------------------------------------------------------
def sealed_words(message: Message, about: object, practice: Practice) -> dict[str, object]:
    return {**outbox.open_body(message), **words.of_practice(practice)}


def sign_in_words(message: Message, about: object, practice: Practice) -> dict[str, object]:
    return {"link": settings.PUBLIC_URL + reverse(settings.LOGIN_URL), **words.of_practice(practice)}


def sealed_address(message: Message, about: object) -> str:
    return outbox.open_body(message)["to"]


appointments = rows_of(lambda: Appointment.objects.select_related("location", "manage_link", "type"))
about_appointment = partial(Kind, rows=appointments, words=words.of_appointment)
about_account = partial(
    Kind,
    rows=rows_of(lambda: User.objects.all()),
    words=sealed_words,
    still_wanted=active_account,
    needs_consent=False,
    keeps_window=False,
    is_sealed=True,
)
KINDS = {
    kind.name: kind
    for kind in (
        # Answers to what somebody did go at once: an e-mail wakes nobody, and a change must be read before setting out.
        about_appointment(
            "appointment_booked",
            label=_("Confirmation"),
            still_wanted=still_coming,
            calendar=words.request,
            keeps_window=False,
            call_if_lost=True,
        ),
        about_appointment(
            "appointment_changed",
            label=_("Change"),
            still_wanted=still_news,
            calendar=words.request,
            line=words.changed_line,
            prefers=Channel.EMAIL,
            keeps_window=False,
            call_if_lost=True,
        ),
        about_appointment(
            "appointment_cancelled",
            label=_("Cancellation"),
            still_wanted=still_cancelled,
            calendar=words.cancel,
            line=words.changed_line,
            prefers=Channel.EMAIL,
            keeps_window=False,
            call_if_lost=True,
        ),
        about_appointment("reminder_early", label=_("Reminder three days before"), still_wanted=still_coming),
        about_appointment(
            "reminder_late",
            label=_("Reminder one day before"),
            still_wanted=still_coming,
            line=words.reminder_line,
            prefers=Channel.SMS,
            call_if_lost=True,
        ),
        about_account("sign_in_code", label=_("Sign-in code")),
        about_account("password_reset", label=_("New password")),
        about_account("account_changed", label=_("Change of an account")),
        Kind(
            "sign_in_unknown",
            rows=lambda ids: dict.fromkeys(ids, the_practice()),
            words=sealed_words,
            label=_("Answer to an unknown address"),
            address=sealed_address,
            needs_consent=False,
            keeps_window=False,
            is_sealed=True,
        ),
        Kind(
            "invitation",
            rows=rows_of(lambda: Invitation.objects.all()),
            words=sealed_words,
            still_wanted=not_yet_used,
            label=_("Invitation"),
            address=lambda message, invitation: invitation.email,
            needs_consent=False,
            keeps_window=False,
            is_sealed=True,
            call_if_lost=True,
        ),
    )
}
