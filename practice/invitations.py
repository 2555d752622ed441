"""Invitations: the only way to an account.

An invitation is for a patient who lived without an account, or for a member of staff with roles. Its address carries
128 random bits of which only the SHA-256 is stored; it works once, for 14 days, and a newer one replaces it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from practice import audit, messages
from practice.action import action
from practice.models import Invitation, Patient, StaffRole, User
from practice.roles import STAFF, Role

TOKEN_BYTES = 16
GOOD_FOR = timedelta(days=14)


class HasAccount(Exception):
    """The person has an account already."""


class NoAddress(Exception):
    """There is no e-mail address to send an invitation to."""


class AddressTaken(Exception):
    """Another account signs in with this address."""


class InvitationClosed(Exception):
    """The invitation was used, replaced, withdrawn, or is too old; or there never was one."""


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def link_of(token: str) -> str:
    return settings.PUBLIC_URL + reverse("practice:invitation-accept", args=[token])


@action
def invite_patient(*, by: User, patient: Patient) -> Invitation:
    """Invite a patient by e-mail to an account of their own; an invitation that is still open is replaced.

    Raises HasAccount, NoAddress, AddressTaken.
    """
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if patient.user_id:
        raise HasAccount
    if not patient.email:
        raise NoAddress
    if User.objects.filter(email__iexact=patient.email).exists():
        raise AddressTaken
    return invite(by=by, email=patient.email, name=patient.full_name, patient=patient)


@action
def invite_staff(*, by: User | None, email: str, name: str, roles: Collection[Role]) -> Invitation:
    """Invite a member of staff. ``by`` is None when the first manager is invited from the server's command line.

    Raises AddressTaken, and ValueError for no role or for a role that is not one of staff.
    """
    if not roles or not set(roles) <= STAFF:
        raise ValueError("An invitation of staff names staff roles.")
    if User.objects.filter(email__iexact=email).exists():
        raise AddressTaken
    return invite(by=by, email=email.lower(), name=name, roles=sorted(role.value for role in roles))


def invite(*, by: User | None, email: str, name: str, patient: Patient | None = None, roles=()) -> Invitation:
    now = timezone.now()
    still_open = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    (still_open.filter(patient=patient) if patient else still_open.filter(email__iexact=email)).update(withdrawn_at=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        token_hash=hashed(token),
        email=email,
        name=name,
        patient=patient,
        roles=list(roles),
        invited_by=by,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    invitation.link = link_of(token)  # known only now; the row keeps the hash
    messages.invitation_made(invitation, link=invitation.link)
    audit.record(by=by, action=audit.Action.INVITE, obj=invitation, patient=patient, detail={"roles": list(roles)})
    return invitation


def find_open(token: str) -> Invitation:
    """The invitation behind a private address, if it can still be accepted. Raises InvitationClosed."""
    now = timezone.now()
    still_open = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    invitation = still_open.select_related("patient").filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise InvitationClosed
    return invitation


def is_for_staff(invitation: Invitation) -> bool:
    return bool(invitation.roles)


def accept(*, token: str, password: str | None = None, time_zone: str = "") -> User:
    """Make the account. A patient's record is linked to it; staff get their roles and the password they chose.

    ``password`` is needed for staff and ignored for patients, who sign in by code or passkey. Raises InvitationClosed,
    also for the second of two who accept at once, AddressTaken, and ValueError for staff without a password.
    """
    try:
        return accepted(by=None, token=token, password=password, time_zone=time_zone)
    except IntegrityError as error:  # somebody made an account with this address a moment ago
        raise AddressTaken from error


@action
def accepted(*, by: User | None, token: str, password: str | None, time_zone: str) -> User:
    invitation = find_open(token)
    Invitation.objects.select_for_update().get(pk=invitation.pk)
    invitation = find_open(token)
    if is_for_staff(invitation) and not password:
        raise ValueError("A member of staff chooses a password.")
    patient = invitation.patient
    zone = time_zone or (patient.time_zone if patient else "")
    user = User.objects.create_user(
        invitation.email,
        password if is_for_staff(invitation) else None,
        name=invitation.name,
        **({"time_zone": zone} if zone else {}),
    )
    if patient:
        link(user, patient)
    StaffRole.objects.bulk_create(StaffRole(user=user, role=role) for role in invitation.roles)
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    detail = {"what": "account", "roles": invitation.roles}
    audit.record(by=user, action=audit.Action.ACCESS_CHANGE, obj=user, patient=patient, detail=detail)
    return user


def link(user: User, patient: Patient) -> None:
    """Give the record its account. A prospect who accepts is a patient from now on. Raises InvitationClosed."""
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if patient.user_id or patient.status == Patient.Status.MERGED:
        raise InvitationClosed
    patient.user = user
    if patient.status == Patient.Status.PROSPECT:
        patient.status = Patient.Status.PATIENT
    patient.save(update_fields=["user", "status"])
