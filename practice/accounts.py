"""Accounts: how django-allauth is bent to a closed practice.

Staff sign in with a password and a second factor, or with a passkey; patients with an e-mailed code, or with a passkey.
Nobody signs up: accounts come from an invitation. Whatever allauth wants to mail becomes a row of the outbox, so that
the time of an answer says nothing about who has an account.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice import audit, messages, presence, sealing
from practice.models import User

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
JUST_NOW = timedelta(minutes=5)
SEALED_FOR = "second factor"


def display_name(user: User) -> str:
    return user.name


def has_second_factor(user: User, *, before: datetime) -> bool:
    """Whether an authenticator app or a passkey was set up before that moment."""
    return Authenticator.objects.filter(user=user, type__in=STRONG, created_at__lt=before).exists()


def passed_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this sign-in used a passkey, an authenticator app or a recovery code."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


class Adapter(DefaultAccountAdapter):
    """allauth's hooks: nobody signs up, mails go through the outbox, every coming and going is audited."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This e-mail address and password do not belong together."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes, then try again."),
        "incorrect_code": _("That is not the code. Look again, or ask for a new one."),
        "incorrect_password": _("That is not your password."),
        "rate_limited": _("Too many requests. Wait a minute, then try again."),
        "invalid_password_reset": _("This link was used before or is too old. Ask for a new one."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        """Only the two that a closed practice knows: the e-mailed code, and the second factor of staff."""
        return ["allauth.account.stages.LoginByCodeStage", "practice.accounts.SecondFactorStage"]

    def login(self, request: HttpRequest, user: User) -> None:
        passed = passed_second_factor(request, user)
        with transaction.atomic():
            super().login(request, user)
            presence.begin(request.session, timezone.now(), second_factor=passed)
            audit.record(by=user, action=audit.Action.SIGN_IN, obj=user, detail={"second_factor": passed})

    def logout(self, request: HttpRequest) -> None:
        audit.record(by=request.user, action=audit.Action.SIGN_OUT, obj=request.user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure without the address that was typed: it may be a password in the wrong field."""
        audit.record(by=None, action=audit.Action.SIGN_IN_FAILED, obj="password")

    def is_reauthentication_required(self, *, app: str) -> bool:
        """A password typed a moment ago is enough to set up the first second factor and to see its recovery codes."""
        request = context.request
        if app == "allauth.mfa" and not has_second_factor(request.user, before=timezone.now() - JUST_NOW):
            since = time.time() - JUST_NOW.total_seconds()
            records = get_authentication_records(request, request.user)
            if any(record["method"] == "password" and record["at"] > since for record in records):
                return False
        return super().is_reauthentication_required(app=app)

    def set_password(self, user: User, password: str) -> None:
        with transaction.atomic():
            super().set_password(user, password)
            audit.record(by=user, action=audit.Action.ACCESS_CHANGE, obj=user, detail={"what": "password"})

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Only staff have passwords; a patient's account gets none by asking to reset what it never had."""
        if user.is_staff_member:
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's mails as rows of the outbox, sent by the same sender as every other message."""
        user = context.get("user") or User.objects.filter(email=email.lower()).first()
        name = template_prefix.removeprefix("account/email/").removeprefix("mfa/email/")
        if name == "login_code":
            age = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
            self._plan("sign_in_code", user, {"code": context["code"]}, age)
        elif name == "password_reset_key":
            age = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
            self._plan("password_reset", user, {"link": self._public(context["password_reset_url"])}, age)
        elif user is not None:
            self._plan("account_changed", user, {}, timedelta(days=1))

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        self.send_mail(template_prefix, user.email, {"user": user})

    def _plan(self, kind: str, user: User, secret: dict[str, str], age: timedelta) -> None:
        messages.account_message(kind=kind, user=user, secret=secret, expires_at=timezone.now() + age)

    def _public(self, url: str) -> str:
        """The address people type, whatever Host header the request carried."""
        return settings.PUBLIC_URL + "/" + url.partition("://")[2].partition("/")[2]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: the app's key rests encrypted, staff cannot take off their last one.

    The seal is not bound to the account: allauth hands ``encrypt`` and ``decrypt`` the text alone. Whoever may write to
    the table of authenticators could therefore put a key of their own into somebody else's row; reading it gives none.
    """

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That is not the code. Codes change every 30 seconds: type the one you see now."),
        "cannot_delete_authenticator": _("This is your last second factor. Add another one before you take it off."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, secrets=settings.MESSAGE_KEYS, purpose=SEALED_FOR, row="key").hex()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = bytes.fromhex(encrypted_text)
        return sealing.unseal(sealed, secrets=settings.MESSAGE_KEYS, purpose=SEALED_FOR, row="key")

    def get_totp_label(self, user: User) -> str:
        return user.email

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user_id, type__in=STRONG).exclude(pk=authenticator.pk)
        return others.exists() or not User.objects.get(pk=authenticator.user_id).is_staff_member

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        Adapter().send_notification_mail(template_prefix, user)

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return str(_("My passkey"))


class SecondFactorStage(AuthenticateStage):
    """Staff show their second factor; a patient's passkey is another way in, not a further hurdle after the code."""

    def handle(self):
        user = self.login.user
        if user is not None and not user.is_staff_member:
            return None, True
        return super().handle()
