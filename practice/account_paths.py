"""Addresses of sign-in and of the account: the few of django-allauth that a closed practice needs, under its names."""

from django.urls import path, re_path

from practice.views import account

urlpatterns = [
    # Signing in and out
    path("login/", account.sign_in, name="account_login"),
    path("login/code/", account.ask_code, name="account_request_login_code"),
    path("login/code/confirm/", account.type_code, name="account_confirm_login_code"),
    path("login/passkey/", account.passkey_sign_in, name="mfa_login_webauthn"),
    path("login/second/", account.authenticate, name="mfa_authenticate"),
    path("logout/", account.sign_out, name="account_logout"),
    path("inactive/", account.inactive, name="account_inactive"),
    # Saying once more who you are
    path("again/", account.password_again, name="account_reauthenticate"),
    path("again/code/", account.second_factor_again, name="mfa_reauthenticate"),
    path("again/passkey/", account.passkey_again, name="mfa_reauthenticate_webauthn"),
    # The password of staff
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",  # the key itself holds a dash
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    # Second factors and passkeys
    path("2fa/", account.index, name="mfa_index"),
    path("2fa/app/add/", account.activate_app, name="mfa_activate_totp"),
    path("2fa/app/remove/", account.deactivate_app, name="mfa_deactivate_totp"),
    path("2fa/passkeys/add/", account.add_passkey, name="mfa_add_webauthn"),
    path("2fa/passkeys/<int:pk>/remove/", account.remove_passkey, name="mfa_remove_webauthn"),
    path("2fa/codes/", account.recovery_codes, name="mfa_view_recovery_codes"),
    path("2fa/codes/new/", account.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("2fa/codes/download/", account.download_recovery_codes, name="mfa_download_recovery_codes"),
]
