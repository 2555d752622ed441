"""Holding a time while a visitor types, and making an appointment of it (architecture.md 6).

A hold is a row of state ``held`` with an expiry: one live hold per browser session, at most five per address. Holds
write no history and no audit row: nothing about anybody is in them. Without a patient, released holds are deleted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from practice import consents, locking
from practice.action import action
from practice.booking import (
    LimitReached,
    SlotTaken,
    Times,
    body_hash,
    by_token,
    clear_the_way,
    require_hours,
    rooms_to_try,
    settle,
)
from practice.locking import RoomTaken, one_winner
from practice.models import Appointment, AppointmentType, Location, Patient, Room, Status, Therapist, User
from practice.models.booking import LIVING
from practice.models.consent import ConsentType, Decision
from practice.patients import email_key

HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(minutes=60)
HOLDS_PER_ADDRESS = 5


class TooManyHolds(SlotTaken):
    """This address holds as many times as it may."""


class HoldGone(SlotTaken):
    """The hold was released; the time may still be free."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a visitor types to book: no account, and nothing about health. ``phone`` is E.164 or empty."""

    name: str
    email: str
    phone: str = ""
    email_consent: bool = False
    sms_consent: bool = False
    time_zone: str = ""
    origin: consents.Origin = consents.NOWHERE

    @property
    def email_key(self) -> str:
        return email_key(self.email)

    def first_and_last(self) -> tuple[str, str]:
        """``Rosa Meier`` -> Rosa, Meier; one word is a first name. Registration asks properly later."""
        *first, last = self.name.split()
        return (" ".join(first), last) if first else (last, "")


# -- Holding -----------------------------------------------------------------------------------------------------------
def hold(
    *,
    therapist: Therapist,
    type: AppointmentType,
    modality: str,
    location: Location,
    starts_at: datetime,
    session_key: str,
    address: str,
) -> Appointment:
    """Hold a public time for ten minutes for one browser session; a second press finds the same hold.

    A new hold releases the session's old one. Raises SlotTaken, NotOffered and TooManyHolds.
    """
    times = Times.of(type, starts_at)
    wish = {"therapist": therapist, "type": type, "modality": modality, "location": location}
    if known := same_hold(session_key, wish, times):
        return known
    require_hours(None, therapist, type, modality, location, times, hold_key=session_key)
    for room in rooms_to_try(type, modality, location, None, times, hold_key=session_key):
        try:
            return hold_once(
                by=None, wish=wish, times=times, room=room, session_key=session_key, address=hashed(address)
            )
        except RoomTaken:
            continue
    raise SlotTaken


@one_winner
@action
def hold_once(
    *, by: User | None, wish: dict[str, Any], times: Times, room: Room | None, session_key: str, address: str
) -> Appointment:
    therapist, location = wish["therapist"], wish["location"]
    locking.lock(
        therapists=[therapist.pk],
        people=[locking.session_name(session_key), locking.address_name(address)],
        locations=[location.pk] if room else [],
    )
    if known := same_hold(session_key, wish, times):
        return known
    holds_of(session_key).delete()
    others = Appointment.objects.filter(status=Status.HELD, hold_address=address, held_until__gt=timezone.now())
    if others.count() >= HOLDS_PER_ADDRESS:
        raise TooManyHolds
    clear_the_way(therapist_id=therapist.pk, room_id=room.pk if room else None, patient_id=None, times=times)
    now = timezone.now()
    return Appointment.objects.create(
        **wish,
        room=room,
        status=Status.HELD,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        guard=times.guard,
        zone=location.zone,
        price_cents=wish["type"].price_cents,
        hold_key=session_key,
        hold_address=address,
        held_until=now + HOLD,
        created_at=now,
    )


def holds_of(session_key: str):
    return Appointment.objects.filter(status=Status.HELD, hold_key=session_key)


def same_hold(session_key: str, wish: dict[str, Any], times: Times) -> Appointment | None:
    """The live hold this session already has on exactly this time."""
    return holds_of(session_key).filter(**wish, starts_at=times.starts_at, held_until__gt=timezone.now()).first()


@action
def extend_hold(*, by: User | None = None, session_key: str) -> Appointment:
    """Ten more minutes from now, up to an hour after the time was first held. Raises HoldGone."""
    now = timezone.now()
    held = holds_of(session_key).select_for_update().first()
    if held is None:
        raise HoldGone
    held.held_until = max(held.held_until, min(now + HOLD, held.created_at + LONGEST_HOLD))
    held.save(update_fields=["held_until"])
    return held


@action
def release_hold(*, by: User | None = None, session_key: str) -> None:
    """Give the time back; nothing to do where nothing is held."""
    holds_of(session_key).delete()


@action
def expire_holds(*, by: User | None = None) -> int:
    """Delete holds that ran out an hour ago; younger ones leave when somebody books over them. Returns how many."""
    deleted, _rows = Appointment.objects.filter(
        status=Status.HELD, held_until__lte=timezone.now() - timedelta(hours=1)
    ).delete()
    return deleted


def hashed(address: str) -> str:
    """An address is only counted, so only its keyed hash is kept."""
    return salted_hmac("evenkeel.hold-address", address, algorithm="sha256").hexdigest()


def find(*, session_key: str, token: str = "") -> Appointment | None:
    """The appointment that a form's ``token`` made already, else the session's hold, run out or not."""
    rows = Appointment.objects.select_related("therapist__user", "type", "location")
    made = Q(token=token) if is_uuid(token) else Q()
    mine = Q(status=Status.HELD, hold_key=session_key) if session_key else Q()
    if not made and not mine:
        return None
    return rows.filter(made | mine).order_by(F("token").desc(nulls_last=True)).first()


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# -- From a hold to an appointment -------------------------------------------------------------------------------------
def confirm_hold(
    *,
    by: User | None = None,
    hold: Appointment,
    token: UUID,
    contact: Contact | None = None,
    patient: Patient | None = None,
) -> Appointment:
    """Make an appointment of a hold: of a visitor by ``contact``, who becomes a prospect, or of a signed-in
    ``patient``.

    Typed data never matches an existing patient. A hold that ran out but was not yet released still counts. The same
    token with the same contents is the same appointment. Raises HoldGone, LimitReached, TokenReused.
    """
    body = body_hash(
        {
            "hold": hold.pk,
            "patient": patient,
            "contact": contact
            and (contact.name, contact.email_key, contact.phone, contact.email_consent, contact.sms_consent),
        }
    )
    try:
        return confirm_once(by=by, hold=hold, token=token, body=body, contact=contact, patient=patient)
    except IntegrityError:
        if known := by_token(token, body):
            return known
        raise


@one_winner
@action
def confirm_once(
    *, by: User | None, hold: Appointment, token: UUID, body: bytes, contact: Contact | None, patient: Patient | None
) -> Appointment:
    locking.lock(
        therapists=[hold.therapist_id],
        people=[locking.session_name(hold.hold_key), *people_of(contact, patient)],
        locations=[hold.location_id] if hold.room_id else [],
    )
    if known := by_token(token, body):
        return known
    rows = Appointment.objects.select_related("therapist__user", "type").select_for_update(of=("self",))
    held = rows.filter(pk=hold.pk, status=Status.HELD).first()
    if held is None:
        raise HoldGone
    require_within_limits(held, contact, patient)
    held.patient = patient or add_prospect(contact)
    if patient is None and contact is not None:
        record_consents(by=by, patient=held.patient, contact=contact)
    held.status, held.held_until, held.booked_by = Status.BOOKED, None, by
    held.token, held.token_body, held.hold_key, held.hold_address = token, body, "", ""
    held.save(
        update_fields=[
            "patient", "status", "held_until", "booked_by", "token", "token_body", "hold_key", "hold_address"
        ]
    )  # fmt: skip
    settle(by=by, appointment=held)
    return held


def people_of(contact: Contact | None, patient: Patient | None) -> list[str]:
    """The names under which this person is locked."""
    if patient is not None:
        contact_key, phone = patient.email_key, str(patient.phone or "")
    elif contact is not None:
        contact_key, phone = contact.email_key, contact.phone
    else:
        raise ValueError("A hold is confirmed for somebody: contact or patient.")
    names = [locking.patient_name(patient.pk)] if patient else []
    names += [locking.email_name(contact_key)] if contact_key else []
    return names + ([locking.phone_name(phone)] if phone else [])


def require_within_limits(held: Appointment, contact: Contact | None, patient: Patient | None) -> None:
    """Under the locks of this person: the type's limits by e-mail and phone, and no second visit at the same time.

    Whichever it is, the answer is the same, so that it tells nothing about anybody.
    """
    key, phone = (contact.email_key, contact.phone) if contact else (patient.email_key, patient.phone)
    person = Q(patient__email_key=key) if key else Q()
    person |= Q(patient__phone=phone) if phone else Q()
    person |= Q(patient=patient) if patient else Q()
    type = held.type
    since = timezone.now() - timedelta(days=type.limit_days)
    rows = Appointment.objects.filter(person, status__in=LIVING, starts_at__gte=since).exclude(pk=held.pk)
    booked = list(rows.values_list("type", "therapist", "starts_at", "ends_at"))
    if any(starts < held.ends_at and ends > held.starts_at for _type, _who, starts, ends in booked):
        raise LimitReached
    same = [whose for kind, whose, _starts, _ends in booked if kind == type.pk]
    if type.per_person_limit is not None and len(same) >= type.per_person_limit:
        raise LimitReached
    if type.per_therapist_limit is not None and same.count(held.therapist_id) >= type.per_therapist_limit:
        raise LimitReached


def add_prospect(contact: Contact | None) -> Patient:
    if contact is None:
        raise ValueError("A hold is confirmed for somebody: contact or patient.")
    first, last = contact.first_and_last()
    zone = {"time_zone": contact.time_zone} if contact.time_zone else {}
    return Patient.objects.create(
        status=Patient.Status.PROSPECT,
        first_name=first[:100],
        last_name=last[:100],
        email=contact.email,
        email_key=contact.email_key,
        phone=contact.phone,
        **zone,
    )


def record_consents(*, by: User | None, patient: Patient, contact: Contact) -> None:
    """A row for each box that was ticked; an empty box is no decision, and no consent either."""
    ticked = [
        *([ConsentType.EMAIL] if contact.email_consent else []),
        *([ConsentType.SMS] if contact.sms_consent and contact.phone else []),
    ]
    for type in ticked:
        consents.record_consent(by=by, patient=patient, type=type, decision=Decision.GIVEN, origin=contact.origin)


def session_key_of(secret: str) -> str:
    """The name of a browser session in the table of holds: a hash, so that the table opens no session."""
    return hashlib.sha256(secret.encode()).hexdigest()
