"""From a held or a free time to an appointment of a visitor, who becomes a prospect, or of a signed-in patient.

Typed data never matches an existing patient (architecture.md 6): staff see a possible duplicate and join the records.
Limits count the normalised e-mail and the telephone number, under the locks of both, and answer only "please call us".
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

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
    same_booking,
    settle,
)
from practice.holding import HoldGone, holds_of
from practice.locking import RoomTaken, one_winner
from practice.models import Appointment, AppointmentType, Location, Patient, Room, Status, Therapist, User
from practice.models.booking import LIVING
from practice.models.consent import ConsentType
from practice.patients import email_key


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


def confirm_hold(
    *,
    by: User | None = None,
    hold: Appointment,
    token: UUID,
    contact: Contact | None = None,
    patient: Patient | None = None,
) -> Appointment:
    """Make an appointment of a hold; one that ran out still counts until somebody books over it.

    The same token with the same words is the same appointment. Raises HoldGone, LimitReached, TokenReused.
    """
    wish = {
        "therapist": hold.therapist, "type": hold.type, "modality": hold.modality, "location": hold.location
    }  # fmt: skip
    body = body_of(wish, hold.starts_at, contact, patient)
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
    rows = Appointment.objects.select_for_update().filter(Q(pk=hold.pk, status=Status.HELD) | Q(token=token))
    found = dict(rows.values_list("token", "pk"))
    if token in found:
        return same_booking(Appointment.objects.get(pk=found[token]), body)
    if None not in found:
        raise HoldGone
    held = copy(hold)  # what a hold is of never changes, and the caller's stays a hold if this fails
    require_within_limits(held, contact, patient)
    held.patient = person_of(by, contact, patient)
    held.status, held.held_until, held.booked_by = Status.BOOKED, None, by
    held.token, held.token_body, held.hold_key, held.hold_address = token, body, "", ""
    held.save(
        update_fields=[
            "patient", "status", "held_until", "booked_by", "token", "token_body", "hold_key", "hold_address"
        ]
    )  # fmt: skip
    settle(by=by, appointment=held, is_first_visit=patient is None)
    return held


def book_free(
    *,
    by: User | None = None,
    therapist: Therapist,
    type: AppointmentType,
    modality: str,
    location: Location,
    starts_at: datetime,
    session_key: str,
    token: UUID,
    contact: Contact | None = None,
    patient: Patient | None = None,
) -> Appointment:
    """Book a public time at once: the hold ran out, or another time was chosen beside the form.

    One transaction, so nobody wins the time and loses it again between holding and booking. Releases what the browser
    session holds. Raises SlotTaken, NotOffered, LimitReached, TokenReused.
    """
    times = Times.of(type, starts_at)
    wish = {"therapist": therapist, "type": type, "modality": modality, "location": location}
    body = body_of(wish, times.starts_at, contact, patient)
    require_hours(None, therapist, type, modality, location, times, hold_key=session_key)
    for room in rooms_to_try(type, modality, location, None, times, hold_key=session_key):
        try:
            return book_free_once(
                by=by,
                wish=wish,
                times=times,
                room=room,
                session_key=session_key,
                token=token,
                body=body,
                contact=contact,
                patient=patient,
            )
        except RoomTaken:
            continue
        except IntegrityError:
            if known := by_token(token, body):
                return known
            raise
    raise SlotTaken


@one_winner
@action
def book_free_once(
    *,
    by: User | None,
    wish: dict[str, Any],
    times: Times,
    room: Room | None,
    session_key: str,
    token: UUID,
    body: bytes,
    contact: Contact | None,
    patient: Patient | None,
) -> Appointment:
    therapist, location = wish["therapist"], wish["location"]
    locking.lock(
        therapists=[therapist.pk],
        people=[locking.session_name(session_key), *people_of(contact, patient)],
        locations=[location.pk] if room else [],
    )
    if known := by_token(token, body):
        return known
    clear_the_way(
        therapist_id=therapist.pk,
        room_id=room.pk if room else None,
        patient_id=patient.pk if patient else None,
        times=times,
        but=holds_of(session_key).values_list("pk", flat=True).first(),
    )
    holds_of(session_key).delete()
    booked = Appointment(
        **wish,
        room=room,
        status=Status.BOOKED,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        guard=times.guard,
        zone=location.zone,
        price_cents=wish["type"].price_cents,
        token=token,
        token_body=body,
        booked_by=by,
    )
    require_within_limits(booked, contact, patient)
    booked.patient = person_of(by, contact, patient)
    booked.save()
    settle(by=by, appointment=booked, is_first_visit=patient is None)
    return booked


def body_of(wish: dict[str, Any], starts_at: datetime, contact: Contact | None, patient: Patient | None) -> bytes:
    """What a form's token stands for: the time and the words."""
    words = contact and (contact.name, contact.email_key, contact.phone, contact.email_consent, contact.sms_consent)
    return body_hash(wish | {"starts_at": starts_at, "patient": patient, "words": words})


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
    person = Q(email_key=key) if key else Q()
    person |= Q(phone=phone) if phone else Q()
    person |= Q(pk=patient.pk) if patient else Q()
    type = held.type
    since = timezone.now() - timedelta(days=type.limit_days)
    # A set of records first, each by an index: a condition across both tables would read all of either.
    records = Patient.objects.filter(person).values("pk")
    rows = Appointment.objects.filter(patient__in=records, status__in=LIVING, starts_at__gte=since).exclude(pk=held.pk)
    booked = list(rows.values_list("type", "therapist", "starts_at", "ends_at"))
    if any(starts < held.ends_at and ends > held.starts_at for _type, _who, starts, ends in booked):
        raise LimitReached
    same = [whose for kind, whose, _starts, _ends in booked if kind == type.pk]
    if type.per_person_limit is not None and len(same) >= type.per_person_limit:
        raise LimitReached
    if type.per_therapist_limit is not None and same.count(held.therapist_id) >= type.per_therapist_limit:
        raise LimitReached


def person_of(by: User | None, contact: Contact | None, patient: Patient | None) -> Patient:
    """The signed-in patient, or a new prospect with the consents that were ticked."""
    if patient is not None:
        return patient
    if contact is None:
        raise ValueError("A time is booked for somebody: contact or patient.")
    first, last = contact.first_and_last()
    zone = {"time_zone": contact.time_zone} if contact.time_zone else {}
    prospect = Patient.objects.create(
        status=Patient.Status.PROSPECT,
        first_name=first[:100],
        last_name=last[:100],
        email=contact.email,
        email_key=contact.email_key,
        phone=contact.phone,
        **zone,
    )
    # A row for each box that was ticked; an empty box is no decision, and no consent either.
    ticked = [
        *([ConsentType.EMAIL] if contact.email_consent else []),
        *([ConsentType.SMS] if contact.sms_consent and contact.phone else []),
    ]
    consents.give(by=by, patient=prospect, types=ticked, origin=contact.origin)
    return prospect
