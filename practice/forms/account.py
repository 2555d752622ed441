"""Forms of sign-in: allauth's, in our words, with what a closed practice adds to them."""

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as SecondFactorAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

PASSWORD_HINT = _("12 characters or more. A few words you can remember are better than tricky signs.")


def plain(field: forms.Field, label: str, hint: str = "", **attributes: str) -> None:
    """Give a field our label and hint. allauth prints placeholders, which vanish when somebody types."""
    field.label = label
    field.help_text = hint
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)


def plain_code(field: forms.Field, label: str, hint: str = "") -> None:
    plain(field, label, hint, autocomplete="one-time-code", autocapitalize="characters", spellcheck="false")


class StaffSignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self.fields["login"], _("E-mail"), autocomplete="username")
        plain(self.fields["password"], _("Password"))


class AskCodeForm(RequestLoginCodeForm):
    """Codes are for patients only. For anybody else the answer is the same and nothing is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = _("The address we write to about your appointments.")
        plain(self.fields["email"], _("E-mail"), hint, autocomplete="email")

    def clean_email(self) -> str:
        email = super().clean_email()
        if self._user is not None and self._user.is_staff_member:
            self._user = None
        return email


class TypeCodeForm(ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_code(self.fields["code"], _("Code"), _("Letters can be small or large. You may paste it."))


class SecondFactorForm(AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_code(self.fields["code"], _("Code"), _("From your authenticator app, or one of your recovery codes."))


class SecondFactorAgain(SecondFactorAgainForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_code(self.fields["code"], _("Code"), _("From your authenticator app, or one of your recovery codes."))


class PasswordAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self.fields["password"], _("Password"))


class AppCodeForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_code(self.fields["code"], _("Code from the app"), _("Six digits. They change every 30 seconds."))
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class PasskeyForm(AddWebAuthnForm):
    """A new passkey is always one that signs in by itself, so the person is asked for a name and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["passwordless"]
        plain(self.fields["name"], _("Name of this passkey"), _("So that you know it again, such as “My phone”."))

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["passwordless"] = True
        return super().clean()


class PasswordChangeForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self.fields["oldpassword"], _("Password now"))
        plain(self.fields["password1"], _("New password"), PASSWORD_HINT)
        self.fields.pop("password2", None)


class AskResetForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self.fields["email"], _("E-mail"), autocomplete="username")


class ResetForm(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self.fields["password1"], _("New password"), PASSWORD_HINT)
        self.fields.pop("password2", None)
