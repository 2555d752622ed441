"""Signing in and what belongs to an account: allauth's views with our forms, our status codes and our audit.

These are classes because allauth's are; everything of ours elsewhere is functions.
"""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth as passkeys
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from practice import audit, presence
from practice.access import roles
from practice.accounts import MFAAdapter
from practice.context import Shell
from practice.forms import account as forms
from practice.messages import account_message
from practice.roles import STAFF

View = Callable[..., HttpResponse]
SECRETS = ("password", "password1", "oldpassword", "code")
UNKNOWN_GOOD_FOR = timedelta(hours=1)


def answered(view: View, *, failure: str = "") -> View:
    """Answer 422 where allauth answers 200 to an invalid form; with ``failure``, record that this way in failed."""

    @functools.wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if request.method == "POST" and response.status_code == 200 and form is not None and form.errors:
            response.status_code = 422
            if failure:
                audit.record(by=None, action=audit.Action.SIGN_IN_FAILED, obj=failure)
        return response

    return sensitive_post_parameters(*SECRETS)(run)


# -- Signing in and out --------------------------------------------------------------------------------
class AskCode(account.RequestLoginCodeView):
    def form_valid(self, form) -> HttpResponse:
        if form._user is None:
            tell_unknown(form.cleaned_data["email"])
        return super().form_valid(form)


def tell_unknown(email: str) -> None:
    """Write to an address that signs in otherwise or not at all, so that only its owner learns it."""
    account_message(kind="sign_in_unknown", secret={"to": email}, expires_at=timezone.now() + UNKNOWN_GOOD_FOR)


sign_in = answered(account.LoginView.as_view(form_class=forms.StaffSignInForm))
ask_code = answered(AskCode.as_view(form_class=forms.AskCodeForm))
type_code = answered(account.ConfirmLoginCodeView.as_view(form_class=forms.TypeCodeForm), failure="code")
inactive = account.account_inactive
sign_out = login_not_required(account.logout)
authenticate = answered(
    second_factor.AuthenticateView.as_view(form_class=forms.SecondFactorForm), failure="second factor"
)


class PasskeySignIn(webauthn.LoginWebAuthnView):
    """Sign in with a passkey; a failure goes back to where it was tried, and is recorded."""

    def form_invalid(self, form) -> HttpResponse:
        audit.record(by=None, action=audit.Action.SIGN_IN_FAILED, obj="passkey")
        messages.error(self.request, _("That passkey did not work here. Try again, or use another way."))
        return HttpResponseRedirect(reverse("account_request_login_code"))


passkey_sign_in = PasskeySignIn.as_view()

# -- Saying once more who you are --------------------------------------------------------------------------------
password_again = answered(account.ReauthenticateView.as_view(form_class=forms.PasswordAgainForm))
second_factor_again = answered(second_factor.ReauthenticateView.as_view(form_class=forms.SecondFactorAgain))


class PasskeyAgain(webauthn.ReauthenticateWebAuthnView):
    def form_invalid(self, form) -> HttpResponse:
        messages.error(self.request, _("That passkey did not work here. Try again, or use another way."))
        return HttpResponseRedirect(self.request.get_full_path())


passkey_again = PasskeyAgain.as_view()

# -- The password of staff --------------------------------------------------------------------------------
password_change = roles(*STAFF)(answered(account.PasswordChangeView.as_view(form_class=forms.PasswordChangeForm)))


class AskReset(account.PasswordResetView):
    def form_valid(self, form) -> HttpResponse:
        if not any(user.is_staff_member for user in form.users):
            tell_unknown(form.cleaned_data["email"])
        return super().form_valid(form)


password_reset = answered(login_not_required(AskReset.as_view(form_class=forms.AskResetForm)))
password_reset_done = account.password_reset_done
password_reset_from_key = answered(account.PasswordResetFromKeyView.as_view(form_class=forms.ResetForm))
password_reset_from_key_done = account.password_reset_from_key_done


# -- Second factors and passkeys --------------------------------------------------------------------------------
def changed(request: HttpRequest, what: str) -> None:
    audit.record(by=request.user, action=audit.Action.ACCESS_CHANGE, obj=request.user, detail={"what": what})


def opened(request: HttpRequest) -> None:
    """Somebody who has just shown a new second factor has it in hand: this sign-in counts as made with it."""
    request.session[presence.SECOND_FACTOR] = True


def must_set_up(request: HttpRequest) -> bool:
    """Staff who have no second factor yet see its pages alone, without a way to anywhere else."""
    return request.user.is_staff_member and not request.session.get(presence.SECOND_FACTOR)


def framed(request: HttpRequest) -> dict[str, Any]:
    """The pages of a first second factor stand in a shell that leads nowhere else; later they stand in the own one."""
    alone = must_set_up(request)
    return {"must_set_up": alone, "frame": "shell/step.html" if alone else Shell(request).template}


class Index(second_factor.IndexView):
    """How this person signs in, and what is still missing."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        keys = Authenticator.objects.filter(user=self.request.user).order_by("pk")
        return {
            "view": self,
            "totp": next((key for key in keys if key.type == Authenticator.Type.TOTP), None),
            "recovery_codes": next((key for key in keys if key.type == Authenticator.Type.RECOVERY_CODES), None),
            "passkeys": [key.wrap() for key in keys if key.type == Authenticator.Type.WEBAUTHN],
        } | framed(self.request)


class ActivateApp(totp.ActivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | framed(self.request)

    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        opened(self.request)
        changed(self.request, "authenticator app added")
        return response


class DeactivateApp(totp.DeactivateTOTPView):
    def form_valid(self, form) -> HttpResponse:
        changed(self.request, "authenticator app removed")
        return super().form_valid(form)


class AddPasskey(webauthn.AddWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        options = passkeys.begin_registration(self.request.user, passwordless=True)
        context = super(webauthn.AddWebAuthnView, self).get_context_data(**kwargs)
        return context | {"creation_options": options} | framed(self.request)

    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        changed(self.request, "passkey added")
        if self.request.user.is_staff_member:
            opened(self.request)
            return response
        # A patient who loses every passkey asks for a code by e-mail; more codes would be one more worry.
        Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.RECOVERY_CODES).delete()
        return HttpResponseRedirect(reverse("mfa_index"))


class RemovePasskey(webauthn.RemoveWebAuthnView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Somebody else's passkey does not exist for this person, before anything else is asked of them."""
        get_object_or_404(Authenticator, pk=kwargs["pk"], user=request.user, type=Authenticator.Type.WEBAUTHN)
        return super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return reverse("mfa_index")

    def form_valid(self, form) -> HttpResponse:
        adapter = MFAAdapter()
        if not adapter.can_delete_authenticator(self.object):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return HttpResponseRedirect(reverse("mfa_index"))
        changed(self.request, "passkey removed")
        return super().form_valid(form)


class NewRecoveryCodes(recovery.GenerateRecoveryCodesView):
    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        changed(self.request, "recovery codes made")
        return response


index = Index.as_view()
activate_app = roles(*STAFF)(answered(ActivateApp.as_view(form_class=forms.AppCodeForm)))
deactivate_app = roles(*STAFF)(answered(DeactivateApp.as_view()))
add_passkey = answered(AddPasskey.as_view(form_class=forms.PasskeyForm))
remove_passkey = RemovePasskey.as_view()
recovery_codes = roles(*STAFF)(recovery.view_recovery_codes)
new_recovery_codes = roles(*STAFF)(answered(NewRecoveryCodes.as_view()))
download_recovery_codes = roles(*STAFF)(recovery.download_recovery_codes)
