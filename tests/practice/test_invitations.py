"""Invitations: the only way to an account; they work once, for fourteen days, and looking at one changes nothing."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import invitations, outbox
from practice.models import AuditEvent, Invitation, Message, Patient, StaffRole, User
from practice.roles import Role
from tests import cast

PASSWORD = "four plain words here"


@pytest.fixture
def newcomer(clinic) -> Patient:
    """A prospect who lives without an account."""
    return cast.patient_of(None, "Noa", "Brandt", email="noa.brandt@example.org", status=Patient.Status.PROSPECT)


def path_of(invitation: Invitation) -> str:
    return invitation.link.removeprefix(settings.PUBLIC_URL)


def test_an_invitation_is_128_random_bits_stored_as_a_hash_and_sent_sealed(newcomer, front_desk):
    invitation = invitations.invite_patient(by=front_desk, patient=newcomer)
    token = invitation.link.rstrip("/").rpartition("/")[2]
    assert re.fullmatch(r"[\w-]{22}", token)
    assert bytes(Invitation.objects.get().token_hash) == invitations.hashed(token)
    message = Message.objects.get(kind="invitation")
    assert token.encode() not in bytes(message.sealed_body)
    assert outbox.open_body(message) == {"link": invitation.link}
    assert invitation.expires_at - invitation.created_at == timedelta(days=14)


def test_looking_changes_nothing_and_accepting_links_the_record(client, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    before = User.objects.count()
    for _scanner in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert page.headers["Cache-Control"].count("no-store") == 1
        assert page.headers["Referrer-Policy"] == "strict-origin", "the address is the invitation"
    assert User.objects.count() == before
    response = client.post(path)
    assert response.headers["Location"] == reverse("practice:today")
    newcomer.refresh_from_db()
    assert newcomer.user.email == "noa.brandt@example.org"
    assert not newcomer.user.has_usable_password()
    assert newcomer.status == Patient.Status.PATIENT
    assert newcomer.user.roles == {Role.PATIENT}
    assert client.get(reverse("mfa_index")).status_code == 200, "the person is signed in"


def test_an_invitation_works_once(client, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    client.post(path)
    other = Client()
    assert (other.get(path).status_code, other.post(path).status_code) == (410, 410)
    assert "no longer works" in other.get(path).text


def test_an_invitation_is_good_for_fourteen_days(client, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    with time_machine.travel(timezone.now() + timedelta(days=14, seconds=1)):
        assert client.post(path).status_code == 410
    with time_machine.travel(timezone.now() + timedelta(days=14, seconds=-5)):
        assert client.post(path).status_code == 302


def test_a_new_invitation_replaces_the_old_one(client, newcomer, front_desk):
    first = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    second = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    assert (client.get(first).status_code, client.get(second).status_code) == (410, 200)


def test_used_replaced_old_and_invented_invitations_answer_alike(client, newcomer, front_desk):
    old = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    invitations.invite_patient(by=front_desk, patient=newcomer)
    pages = [client.get(path) for path in (old, reverse("practice:invitation-accept", args=["x" * 22]))]
    texts = [re.sub(r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", page.text) for page in pages]
    assert texts[0] == texts[1]


def test_staff_choose_a_password_and_then_must_set_up_a_second_factor(client, manager):
    invitation = invitations.invite_staff(
        by=manager, email="Kit.Ames@example.org", name="Kit Ames", roles=[Role.FRONT_DESK]
    )
    path = path_of(invitation)
    assert client.post(path, {"password": "short"}).status_code == 422
    assert client.post(path, {"password": "kit.ames@example"}).status_code == 422, "too like the address"
    assert not User.objects.filter(email="kit.ames@example.org").exists()
    assert client.post(path, {"password": PASSWORD}).headers["Location"] == reverse("mfa_index")
    user = User.objects.get(email="kit.ames@example.org")
    assert list(StaffRole.objects.filter(user=user).values_list("role", flat=True)) == ["front_desk"]
    assert client.get(reverse("practice:patient-list")).headers["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200, "the password just chosen is enough for this"


def test_who_is_signed_in_is_not_made_somebody_else(as_, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    client = as_(front_desk)
    assert client.post(path).status_code == 409
    newcomer.refresh_from_db()
    assert newcomer.user is None


def test_invitations_are_refused_where_they_make_no_sense(newcomer, patient, therapist, front_desk):
    with pytest.raises(invitations.HasAccount):
        invitations.invite_patient(by=front_desk, patient=patient)
    newcomer.email = ""
    newcomer.save()
    with pytest.raises(invitations.NoAddress):
        invitations.invite_patient(by=front_desk, patient=newcomer)
    newcomer.email = therapist.email.upper()
    newcomer.save()
    with pytest.raises(invitations.AddressTaken):
        invitations.invite_patient(by=front_desk, patient=newcomer)
    with pytest.raises(ValueError, match="staff roles"):
        invitations.invite_staff(by=front_desk, email="a@example.org", name="A", roles=[Role.PATIENT])
    assert Invitation.objects.count() == 0


def test_an_address_taken_meanwhile_closes_the_invitation(client, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    User.objects.create_user("Noa.Brandt@example.org", None, name="Somebody Else")
    assert client.post(path).status_code == 410
    newcomer.refresh_from_db()
    assert newcomer.user is None


def test_inviting_and_accepting_are_recorded(client, newcomer, front_desk):
    path = path_of(invitations.invite_patient(by=front_desk, patient=newcomer))
    client.post(path)
    events = AuditEvent.objects.order_by("id").values_list("action", "patient_id")
    assert list(events) == [("invite", newcomer.pk), ("access_change", newcomer.pk), ("sign_in", None)]


def test_of_two_who_accept_at_once_one_gets_the_account(committed_db):
    cast.clinic()
    newcomer = cast.patient_of(None, "Noa", "Brandt", email="noa.brandt@example.org")
    token = invitations.invite_patient(by=cast.user("Marlow Beck", Role.FRONT_DESK), patient=newcomer).link
    token = token.rstrip("/").rpartition("/")[2]
    barrier, outcomes = threading.Barrier(2, timeout=20), []

    def accept() -> None:
        try:
            barrier.wait()
            invitations.accept(token=token)
            outcomes.append("account")
        except (invitations.InvitationClosed, invitations.AddressTaken):
            outcomes.append("closed")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, daemon=True) for _person in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["account", "closed"]
    assert User.objects.filter(email="noa.brandt@example.org").count() == 1


def test_the_first_manager_is_invited_from_the_command_line(client, clinic, capsys):
    call_command("invite_staff", "first@example.org", "First Manager", "manager")
    path = capsys.readouterr().out.strip().removeprefix(settings.PUBLIC_URL)
    assert client.post(path, {"password": PASSWORD}).headers["Location"] == reverse("mfa_index")
    assert User.objects.get(email="first@example.org").roles == {Role.MANAGER}
    with pytest.raises(CommandError, match="already signs in"):
        call_command("invite_staff", "FIRST@example.org", "Second", "manager")
