"""The private link of an appointment: who has it may confirm, move and cancel, until the visit is over.

128 bits, made by HMAC from a random seed under the server's key; the database holds the seed and the token's hash. A
reminder can therefore print the same link again, and a stolen copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from practice.models import Appointment, ManageLink

BYTES = 16
SALT = b"evenkeel.manage-link.1"


def make(appointment: Appointment) -> ManageLink:
    """The link of a new appointment; its token is never stored."""
    seed = secrets.token_bytes(BYTES)
    return ManageLink.objects.create(appointment=appointment, seed=seed, token_hash=hash_of(token_of(seed)))


def token_of(seed: bytes, key: str | None = None) -> bytes:
    key = settings.SECRET_KEY if key is None else key
    return hmac.digest(key.encode(), SALT + seed, "sha256")[:BYTES]


def hash_of(token: bytes) -> bytes:
    return hashlib.sha256(SALT + token).digest()


def text_of(link: ManageLink) -> str:
    """The 22 characters of the token, under the key it was made with even after a change of key; or empty."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        token = token_of(bytes(link.seed), str(key))
        if hash_of(token) == bytes(link.token_hash):
            return base64.urlsafe_b64encode(token).rstrip(b"=").decode()
    return ""


def url_for(appointment: Appointment) -> str:
    """The whole address for a message; empty where there is no link, or the visit is over. Reads ``manage_link``."""
    link = getattr(appointment, "manage_link", None)
    if link is None or link.revoked_at or appointment.ends_at <= timezone.now():
        return ""
    text = text_of(link)
    return settings.PUBLIC_URL + reverse("practice:manage-open", args=[text]) if text else ""


def find(text: str) -> Appointment | None:
    """The appointment that a token opens. One query.

    None for a wrong one, a revoked one, one after the visit, and one whose key is neither the present one nor kept as
    an old one: the hash that is stored would still match it.
    """
    try:
        token = base64.urlsafe_b64decode(text + "==")
    except (binascii.Error, ValueError):
        return None
    if len(token) != BYTES:
        return None
    appointment = (
        Appointment.objects.filter(
            manage_link__token_hash=hash_of(token), manage_link__revoked_at=None, ends_at__gt=timezone.now()
        )
        .select_related("therapist__user", "patient", "type", "location", "room", "manage_link")
        .first()
    )
    if appointment is None or not hmac.compare_digest(text_of(appointment.manage_link).encode(), text.encode()):
        return None
    return appointment
