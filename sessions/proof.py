"""Saying once more who one is, in the form that signs (clinical.md 5.3: password or second factor again).

Rests on allauth: its throttling, its authenticators, its record of a passkey shown a moment ago.
"""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils.translation import gettext as _

from practice.audit import Action, record
from practice.models import User


class NotProven(Exception):
    """What was typed is neither the password nor a code; ``str()`` says what to do."""


def can_type(user: User) -> bool:
    """Whether the person has a password or an app, and not only passkeys."""
    return user.has_usable_password() or codes_of(user).exists()


def codes_of(user: User):
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)


def shown_passkey(request: HttpRequest) -> bool:
    """Whether a person who can type nothing has shown the passkey again within the last minutes."""
    user = request.user
    # Asked first: for an account without any way to prove itself allauth answers "recently".
    has_passkey = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()
    return has_passkey and not can_type(user) and did_recently_reauthenticate(request)


def prove(request: HttpRequest, typed: str) -> None:
    """Check a password or a code of the signed-in person. Raises :class:`NotProven`, also after too many tries."""
    if shown_passkey(request):
        return
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        raise NotProven(_("Too many tries. Wait a minute, then try again. Your note is saved."))
    user = request.user
    if user.has_usable_password() and user.check_password(typed):
        return
    code = typed.replace(" ", "")
    for authenticator in codes_of(user) if code.isdigit() else ():
        if authenticator.wrap().validate_code(code):
            authenticator.record_usage()
            return
    record(by=user, action=Action.SIGN_IN_FAILED, obj="signature")
    raise NotProven(_("That is neither your password nor the code of your app now."))
