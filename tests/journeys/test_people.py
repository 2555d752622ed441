"""Signing in, invitations and people in a real browser: a passkey really works, and every page is accessible."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from practice import invitations, outbox
from practice.models import Message, Patient
from practice.roles import Role
from tests import cast
from tests.browser import assert_accessible

pytestmark = pytest.mark.browser


@pytest.fixture
def people(served) -> cast.Everyone:
    return cast.everyone()


@pytest.fixture
def newcomer(people) -> Patient:
    return cast.patient_of(None, "Noa", "Brandt", email="noa.brandt@example.org", status=Patient.Status.PROSPECT)


def invitation_path(people, newcomer: Patient) -> str:
    invitation = invitations.invite_patient(by=people.front_desk, patient=newcomer)
    return invitation.link.removeprefix(settings.PUBLIC_URL)


def with_authenticator(page: Page) -> Page:
    """Give the window a device that holds passkeys and says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_an_invited_patient_makes_a_passkey_and_signs_in_with_it(people, newcomer, page_for):
    page = with_authenticator(page_for(width=390))
    page.goto(invitation_path(people, newcomer))
    page.get_by_role("button", name="Open my pages").click()
    expect(page).to_have_url(re.compile(reverse("practice:today") + "$"))
    page.goto(reverse("mfa_add_webauthn"))
    page.get_by_label("Name of this passkey").fill("Noa’s phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("link", name="Remove Noa’s phone")).to_be_visible()
    page.goto(reverse("account_logout"))
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto(reverse("account_request_login_code"))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(reverse("practice:today") + "$"))


def test_a_new_colleague_sets_up_a_passkey_and_gets_to_work(people, page_for):
    invitation = invitations.invite_staff(
        by=people.manager, email="kit.ames@example.org", name="Kit Ames", roles=[Role.FRONT_DESK]
    )
    page = with_authenticator(page_for())
    page.goto(invitation.link.removeprefix(settings.PUBLIC_URL))
    page.get_by_label("Choose a password").fill("four plain words here")
    page.get_by_role("button", name="Make my account").click()
    expect(page.locator("h1")).to_have_text("Set up your second factor")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator("h1")).to_have_text("Your recovery codes")
    page.goto(reverse("practice:patient-list"))
    expect(page.locator("h1")).to_have_text("People")


def test_a_patient_signs_in_with_a_code_by_keys_alone(people, page_for):
    page = page_for(width=390)
    page.goto(reverse("account_request_login_code"))
    page.get_by_label("E-mail").focus()
    page.keyboard.type("rosa.meier@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Type your code")
    assert_accessible(page)
    code = outbox.open_body(Message.objects.get(kind="sign_in_code"))["code"]
    page.get_by_label("Code").focus()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    assert_accessible(page)
    page.get_by_label("Code").fill(code)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(reverse("practice:today") + "$"))


def test_without_script_a_patient_still_signs_in(people, page_for):
    page = page_for(javascript=False)
    page.goto(reverse("account_request_login_code"))
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.get_by_label("E-mail").fill("rosa.meier@example.org")
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(outbox.open_body(Message.objects.get(kind="sign_in_code"))["code"])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(reverse("practice:today") + "$"))


def test_the_pages_of_an_invitation_are_accessible(people, newcomer, page_for):
    page = page_for()
    page.goto(invitation_path(people, newcomer))
    assert_accessible(page)
    page.goto(reverse("practice:invitation-accept", args=["x" * 22]))
    assert_accessible(page)


def test_setting_up_the_app_is_accessible(people, page_for):
    page = page_for()
    page.goto(reverse("account_login"))
    page.get_by_label("E-mail").fill(people.front_desk.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    assert_accessible(page)
    page.goto(reverse("mfa_activate_totp"))
    expect(page.get_by_role("img", name="The key as a square code")).to_be_visible()
    assert_accessible(page)


def test_somebody_who_may_be_there_twice_is_shown_accessibly(people, page_for):
    cast.appointment(
        therapist=people.therapist.therapist, patient=people.patient, starts_at=timezone.now() + timedelta(days=2)
    )
    cast.patient_of(None, "Rosa", "Meier", email=people.patient.email, status=Patient.Status.PROSPECT)
    page = page_for(people.front_desk)
    page.goto(reverse("practice:patient-detail", args=[people.patient.pk]))
    assert_accessible(page)
    page.goto(reverse("practice:patient-create"))
    page.get_by_label("First name").fill("Rosa")
    page.get_by_label("Last name").fill("Meier")
    page.get_by_label("Phone").fill("541 555 0133")
    page.get_by_role("button", name="Make the record").click()
    expect(page.get_by_text("Is it one of these?")).to_be_visible()
    assert_accessible(page)
