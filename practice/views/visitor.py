"""What a visitor's browser session remembers about booking: the time zone chosen, and which hold is its own.

Reading it costs no query for a browser without a session, and writes nothing.
"""

from __future__ import annotations

import secrets

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from practice.consents import Origin
from practice.context import practice_facts
from practice.holding import session_key_of
from practice.models import Modality, Patient
from practice.models.zone import zone_names
from practice.roles import Role

ZONE, HOLD = "reading_zone", "hold_secret"


def reading_zone(request: HttpRequest, way: str, clinic_zone: str, home: str = "") -> str:
    """The zone to print times in: the clinic's for a visit in person, else the reader's own (architecture.md 5).

    Of a reader of whom none is known it is the practice's, whoever the therapist is: ``home``, where the caller has
    read it already. ``clinic_zone`` is empty where nothing is offered; then it is the practice's, too.
    """
    if way == Modality.IN_PERSON and clinic_zone:
        return clinic_zone
    chosen = request.session.get(ZONE)
    if chosen in zone_names():
        return chosen
    patient = signed_in_patient(request)
    return patient.time_zone if patient else home or practice_facts().time_zone


def remember_zone(request: HttpRequest, zone: str) -> None:
    request.session[ZONE] = zone


def hold_key(request: HttpRequest, *, make: bool = False) -> str:
    """The name of this browser session in the table of holds; empty without one, unless ``make``."""
    secret = request.session.get(HOLD, "")
    if not secret and make:
        secret = request.session[HOLD] = secrets.token_urlsafe(16)
    return session_key_of(secret) if secret else ""


def signed_in_patient(request: HttpRequest) -> Patient | None:
    """The patient record of whoever is signed in; None for visitors and staff."""
    user = request.user
    if not user.is_authenticated or Role.PATIENT not in user.roles:
        return None
    return Patient.objects.filter(user=user).first()


def address(request: HttpRequest) -> str:
    """The visitor's network address, as seen by the outermost proxy we trust."""
    return get_adapter().get_client_ip(request)


def origin(request: HttpRequest) -> Origin:
    """Where a consent was given from."""
    return Origin(ip=address(request), user_agent=request.headers.get("User-Agent", ""))
