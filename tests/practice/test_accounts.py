"""Signing in: staff with password and second factor, patients with an e-mailed code, nobody by guessing or waiting."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from practice import outbox
from practice.models import AuditEvent, Message
from tests import cast

PASSWORD = "correct horse battery"  # of everybody in the cast
LOGIN, CODE, CONFIRM = (
    reverse(name) for name in ("account_login", "account_request_login_code", "account_confirm_login_code")
)
SECOND, SET_UP, TODAY = reverse("mfa_authenticate"), reverse("mfa_index"), reverse("practice:today")


@pytest.fixture(autouse=True)
def own_throttles(monkeypatch) -> None:
    """Throttles count in the shared cache; each test counts for itself."""
    cache.get("opened")
    monkeypatch.setattr(cache._redis, "key_prefix", uuid.uuid4().hex)


@pytest.fixture(autouse=True)
def known_practice(clinic) -> None:
    """Mails are about the practice, so there is one."""


@pytest.fixture
def secret(therapist) -> str:
    """The key in the therapist's authenticator app."""
    key = generate_totp_secret()
    TOTP.activate(therapist, key)
    return key


def code_now(key: str) -> str:
    return format_hotp_value(hotp_value(key, int(timezone.now().timestamp()) // 30))


def words_of(kind: str) -> dict[str, str]:
    return outbox.open_body(Message.objects.get(kind=kind))


def sign_in(client: Client, email: str, password: str = PASSWORD, **query):
    return client.post(LOGIN, {"login": email, "password": password}, query_params=query)


def is_in(client: Client) -> bool:
    """Whether the sign-in still opens pages. (The account page is small and everybody's.)"""
    response = client.get(SET_UP)
    assert response.status_code in {200, 302}
    return response.status_code == 200


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


# -- Staff ------------------------------------------------------------------------------------------------------------
def test_staff_sign_in_with_password_and_second_factor(client, therapist, secret):
    assert sign_in(client, therapist.email).headers["Location"] == SECOND
    assert not is_in(client), "the password alone opens nothing"
    response = client.post(SECOND, {"code": code_now(secret)})
    assert response.headers["Location"] == TODAY
    assert is_in(client)
    event = AuditEvent.objects.get(action="sign_in")
    assert (event.actor_id, event.detail) == (therapist.pk, {"second_factor": True})


def test_a_recovery_code_is_a_second_factor_once(client, therapist, secret):
    spare = RecoveryCodes.activate(therapist).get_unused_codes()[0]
    sign_in(client, therapist.email)
    assert client.post(SECOND, {"code": spare}).headers["Location"] == TODAY
    other = Client()
    sign_in(other, therapist.email)
    assert other.post(SECOND, {"code": spare}).status_code == 422


def test_a_code_of_the_app_works_once(client, therapist, secret):
    code = code_now(secret)
    sign_in(client, therapist.email)
    client.post(SECOND, {"code": code})
    other = Client()
    sign_in(other, therapist.email)
    assert other.post(SECOND, {"code": code}).status_code == 422


def test_a_wrong_password_keeps_what_was_typed_and_is_recorded_without_it(client, therapist):
    response = sign_in(client, therapist.email, "not the password")
    assert response.status_code == 422
    assert therapist.email in response.text
    event = AuditEvent.objects.get(action="sign_in_failed")
    assert (event.actor_id, event.object_type, event.detail) == (None, "password", {})


def test_a_wrong_second_factor_is_recorded(client, therapist, secret):
    sign_in(client, therapist.email)
    assert client.post(SECOND, {"code": "000000"}).status_code == 422
    assert actions() == ["sign_in_failed"]


def test_without_a_second_factor_staff_reach_only_its_set_up(client, therapist):
    sign_in(client, therapist.email)
    for name in ("practice:today", "practice:patient-list", "practice:home", "account_change_password"):
        assert client.get(reverse(name)).headers["Location"] == SET_UP, name
    page = client.get(SET_UP)
    assert "Set up your second factor" in page.text
    assert client.get(reverse("practice:help-now")).status_code == 200


def test_setting_up_the_app_opens_the_pages_and_the_key_rests_encrypted(client, front_desk):
    sign_in(client, front_desk.email)
    page = client.get(reverse("mfa_activate_totp"))
    key = re.search(r"[A-Z2-7]{32}", page.text)[0]
    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 422
    response = client.post(reverse("mfa_activate_totp"), {"code": code_now(key)})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(reverse("practice:patient-list")).status_code == 200
    stored = Authenticator.objects.get(user=front_desk, type="totp").data["secret"]
    assert key not in stored
    assert TOTP(Authenticator.objects.get(user=front_desk, type="totp")).validate_code(code_now(key))


def test_staff_cannot_take_off_their_last_second_factor(client, therapist, secret):
    sign_in(client, therapist.email)
    client.post(SECOND, {"code": code_now(secret)})
    off = reverse("mfa_deactivate_totp")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(off).status_code == 422
    assert Authenticator.objects.filter(user=therapist, type="totp").exists()


def test_a_second_factor_is_asked_for_again_before_another_is_added(client, therapist, secret):
    sign_in(client, therapist.email)
    client.post(SECOND, {"code": code_now(secret)})
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=1))
    response = client.get(reverse("mfa_add_webauthn"))
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))


# -- Patients ---------------------------------------------------------------------------------------------------------
def test_a_patient_signs_in_with_a_code_from_the_outbox(client, patient):
    response = client.post(CODE, {"email": "Rosa.Meier@Example.org"})
    assert response.headers["Location"] == CONFIRM
    message = Message.objects.get(kind="sign_in_code")
    assert (message.user, message.state) == (patient.user, "planned")
    code = words_of("sign_in_code")["code"]
    assert code.encode() not in bytes(message.sealed_body)
    assert client.post(CONFIRM, {"code": code.lower()}).headers["Location"] == TODAY
    assert is_in(client)
    assert client.post(CONFIRM, {"code": code}).headers["Location"] == TODAY, "signed in already"


def test_a_wrong_code_five_times_ends_the_try(client, patient):
    client.post(CODE, {"email": patient.email})
    answers = [client.post(CONFIRM, {"code": "WRONGONE"}).status_code for _try in range(5)]
    assert answers == [422, 422, 422, 422, 302]
    assert client.post(CONFIRM, {"code": words_of("sign_in_code")["code"]}).headers["Location"] == CODE
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="sign_in_failed", object_type="code").count() == 4


def test_a_code_dies_after_ten_minutes(client, patient):
    client.post(CODE, {"email": patient.email})
    code = words_of("sign_in_code")["code"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert client.post(CONFIRM, {"code": code}).headers["Location"] == CODE
        assert not is_in(client)


@pytest.mark.parametrize("address", ["nobody@example.org", "ines.varga@example.org"])
def test_codes_are_for_patients_and_the_answer_never_tells(client, patient, therapist, address):
    known, unknown = Client(), Client()
    answers = []
    for browser, email in ((known, patient.email), (unknown, address)):
        first = browser.post(CODE, {"email": email})
        page = browser.get(CONFIRM)
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", page.text.replace(email, "ADDRESS"))
        answers.append((first.status_code, first.headers["Location"], page.status_code, text))
    assert answers[0] == answers[1]
    assert list(Message.objects.values_list("kind", flat=True).order_by("kind")) == ["sign_in_code", "sign_in_unknown"]
    assert words_of("sign_in_unknown") == {"to": address}
    assert unknown.post(CONFIRM, {"code": ""}).status_code == 422
    assert not is_in(unknown)


def test_a_patients_passkey_is_another_way_in_and_no_hurdle_after_the_code(client, patient):
    Authenticator.objects.create(user=patient.user, type="webauthn", data={"name": "Phone", "credential": {}})
    client.post(CODE, {"email": patient.email})
    response = client.post(CONFIRM, {"code": words_of("sign_in_code")["code"]})
    assert response.headers["Location"] == TODAY


def test_a_patient_gets_no_password_by_asking_to_reset_one(client, patient, therapist):
    answers = [
        client.post(reverse("account_reset_password"), {"email": email}).headers["Location"]
        for email in (patient.email, therapist.email, "nobody@example.org")
    ]
    assert len(set(answers)) == 1
    sent = list(Message.objects.order_by("created_at").values_list("kind", "user"))
    assert sent == [("sign_in_unknown", None), ("password_reset", therapist.pk), ("sign_in_unknown", None)]


# -- Passwords --------------------------------------------------------------------------------------------------------
def test_a_reset_link_works_once_and_ends_every_sign_in(client, as_, therapist):
    elsewhere = as_(therapist)
    client.post(reverse("account_reset_password"), {"email": therapist.email})
    link = words_of("password_reset")["link"].removeprefix(settings.PUBLIC_URL)
    form = client.get(link).headers["Location"]
    assert client.post(form, {"password1": "short"}).status_code == 422
    response = client.post(form, {"password1": "four plain words here"})
    assert response.headers["Location"] == reverse("account_reset_password_from_key_done")
    therapist.refresh_from_db()
    assert therapist.check_password("four plain words here")
    assert not is_in(elsewhere)
    assert "no longer works" in Client().get(link).text


def test_changing_the_password_ends_the_other_sign_ins_only(as_, therapist):
    here, elsewhere = as_(therapist), as_(therapist)
    response = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "four plain words here"}
    )
    assert response.status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert AuditEvent.objects.filter(action="access_change", detail={"what": "password"}).exists()


# -- How a sign-in ends -----------------------------------------------------------------------------------------------
def test_the_session_changes_its_name_at_sign_in(client, patient):
    client.post(CODE, {"email": patient.email})
    before = client.session.session_key
    client.post(CONFIRM, {"code": words_of("sign_in_code")["code"]})
    assert client.session.session_key != before


def test_signing_out_ends_the_session_on_the_server(as_, patient):
    client = as_(patient.user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_in(client), "looking at the page signs nobody out"
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert not is_in(thief)
    assert actions()[-1] == "sign_out"


def test_a_closed_account_is_out_at_the_next_request(as_, therapist):
    client = as_(therapist)
    assert is_in(client)
    therapist.is_active = False
    therapist.save()
    assert not is_in(client)
    assert sign_in(client, therapist.email).headers["Location"] == reverse("account_inactive")


# -- Guessing ---------------------------------------------------------------------------------------------------------
def test_guessing_is_slowed_even_for_the_right_guess(client, therapist, other_therapist):
    for _try in range(5):
        assert sign_in(client, therapist.email, "wrong").status_code == 422
    response = sign_in(client, therapist.email)
    assert response.status_code == 422
    assert "Too many tries" in response.text
    assert sign_in(Client(), other_therapist.email).status_code == 302, "nobody else is locked out"


def test_asking_for_codes_is_slowed(client, patient):
    answers = [Client().post(CODE, {"email": patient.email}).status_code for _try in range(4)]
    assert answers == [302, 302, 302, 422]
    assert Message.objects.count() == 3


def test_guessing_the_second_factor_is_slowed(client, therapist, secret):
    sign_in(client, therapist.email)
    for _try in range(5):
        client.post(SECOND, {"code": "000000"})
    assert "Too many tries" in client.post(SECOND, {"code": code_now(secret)}).text
    assert not is_in(client)


# -- Doors that are not there -----------------------------------------------------------------------------------------
def test_looking_at_a_reset_link_writes_nothing(client, therapist):
    uid = user_pk_to_url_str(therapist)
    client.get(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": "abc-def"}))
    assert not EmailAddress.objects.exists()


def test_sign_up_is_closed():
    for name in ("account_signup", "account_email", "account_set_password", "mfa_signup_webauthn"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_signing_in_leads_to_no_other_site(client, patient):
    client.post(CODE, {"email": patient.email, "next": "https://elsewhere.example/"})
    response = client.post(CONFIRM, {"code": words_of("sign_in_code")["code"], "next": "https://elsewhere.example/"})
    assert response.headers["Location"] == TODAY


def test_somebody_elses_passkey_does_not_exist(as_, patient, other_patient):
    data = {"name": "Phone", "credential": {}}
    key = Authenticator.objects.create(user=other_patient.user, type="webauthn", data=data)
    assert as_(patient.user).post(reverse("mfa_remove_webauthn", args=[key.pk])).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_a_person_with_no_role_left_reaches_nothing(as_):
    nobody = as_(cast.user("Nobody Anymore"))
    assert nobody.get(reverse("practice:patient-list")).status_code == 404
