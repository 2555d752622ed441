"""Planning messages and what they say: rows in the transaction of the deed, neutral words, one channel for one news."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from practice import appointment_words, messages, outbox, reminders, sealing
from practice.models import Invitation, Message, Practice
from practice.outbox import NotWanted, kinds
from tests import cast
from tests.practice.messaging import booked, cancelled, consent, letters, moved, send, states

DAYTIME = cast.at("2026-05-12 18:00")  # Tuesday, 11:00 in Oregon
MARK = "ZQX"


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(DAYTIME, tick=False):
        yield


def test_booking_plans_the_confirmation_and_two_reminders(therapist, patient):
    patient.phone = "+15415550100"
    appointment = booked(therapist, patient)
    assert states(appointment) == {
        ("appointment_booked", "email", "planned"),
        ("reminder_early", "email", "planned"),
        ("reminder_late", "email", "planned"),
        ("reminder_late", "sms", "planned"),
    }
    due = dict(Message.objects.values_list("kind", "due_at"))
    assert due["reminder_early"] == appointment.starts_at - timedelta(hours=72)
    assert due["reminder_late"] == appointment.starts_at - timedelta(hours=24)


@pytest.mark.parametrize(
    ("hours", "planned"),
    [(71, {"reminder_late"}), (72, {"reminder_late"}), (23, set()), (24, set())],
)
def test_a_reminder_whose_time_is_past_at_booking_is_not_made(therapist, patient, hours, planned):
    booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=hours))
    assert {"appointment_booked"} | planned == set(Message.objects.values_list("kind", flat=True))


def test_a_message_is_planned_in_the_transaction_of_the_deed(therapist, patient):
    with transaction.atomic():
        booked(therapist, patient)
        assert Message.objects.exists()
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_planning_the_same_message_twice_plans_it_once(therapist, patient):
    appointment = booked(therapist, patient)
    messages.appointment_booked(appointment)
    assert Message.objects.count() == 3


def test_planning_takes_one_statement(therapist, patient, django_assert_num_queries):
    patient.phone = "+15415550100"
    appointment = cast.appointment(
        therapist=therapist.therapist, patient=patient, starts_at=DAYTIME + timedelta(days=5)
    )
    with django_assert_num_queries(1):
        messages.appointment_booked(appointment)


def test_moving_withdraws_what_waits_and_plans_the_change(therapist, patient):
    appointment = booked(therapist, patient)
    moved(appointment, timedelta(days=1))
    rows = set(Message.objects.values_list("kind", "revision", "state"))
    assert rows == {
        ("appointment_booked", 0, "withdrawn"),
        ("reminder_early", 0, "withdrawn"),
        ("reminder_late", 0, "withdrawn"),
        ("appointment_changed", 1, "planned"),
        ("reminder_early", 1, "planned"),
        ("reminder_late", 1, "planned"),
    }


def test_cancelling_withdraws_what_waits_and_plans_the_cancellation(therapist, patient):
    appointment = booked(therapist, patient)
    cancelled(appointment)
    planned = Message.objects.filter(state="planned")
    assert list(planned.values_list("kind", "revision")) == [("appointment_cancelled", 1)]


def test_a_correction_of_the_past_is_no_news(therapist, patient):
    appointment = booked(therapist, patient)
    with time_machine.travel(appointment.starts_at + timedelta(hours=1), tick=False):
        cancelled(appointment)
    assert not Message.objects.filter(kind="appointment_cancelled").exists()
    assert not Message.objects.filter(state="planned").exists()


def test_a_withdrawal_marks_a_message_in_a_senders_hands_and_tears_nothing_away(therapist, patient):
    appointment = booked(therapist, patient)
    Message.objects.update(
        state="claimed", lease_token=appointment.uid, lease_until=timezone.now() + timedelta(seconds=30)
    )
    outbox.withdraw(appointment)
    assert set(Message.objects.values_list("state", "reason", "lease_token")) == {
        ("claimed", "withdrawn", appointment.uid)
    }


def test_an_undo_within_the_window_sends_nothing(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient)
    send()
    moved(appointment, timedelta(days=1), undo_until=DAYTIME + timedelta(minutes=1))
    send()
    moved(appointment, -timedelta(days=1), undo_until=DAYTIME + timedelta(minutes=1))
    send(DAYTIME + timedelta(minutes=2))
    assert [letter.kind for letter in letters()] == ["appointment_booked"]
    last = Message.objects.get(kind="appointment_changed", revision=2)
    assert (last.state, last.reason) == ("skipped", "same as last sent")


def test_an_undo_after_the_news_has_left_is_news(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient)
    send()
    moved(appointment, timedelta(days=1))
    send()
    moved(appointment, -timedelta(days=1))
    send()
    assert [letter.kind for letter in letters()] == ["appointment_booked", "appointment_changed", "appointment_changed"]


def test_an_undone_cancellation_is_news_only_where_the_cancellation_was(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient)
    send()
    cancelled(appointment, undo_until=DAYTIME + timedelta(minutes=1))
    appointment.status, appointment.cancelled_at = "booked", None
    moved(appointment, timedelta())
    send(DAYTIME + timedelta(minutes=2))
    assert [letter.kind for letter in letters()] == ["appointment_booked"]

    cancelled(appointment)
    send(DAYTIME + timedelta(minutes=3))
    appointment.status, appointment.cancelled_at = "booked", None
    moved(appointment, timedelta())
    send(DAYTIME + timedelta(minutes=4))
    kinds_sent = [letter.kind for letter in letters()]
    assert kinds_sent == ["appointment_booked", "appointment_cancelled", "appointment_changed"]


def test_the_net_plans_reminders_that_nobody_planned_and_finds_none_otherwise(therapist, patient):
    appointment = booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=80))
    assert reminders.plan_missing() == 0
    Message.objects.filter(kind="reminder_late").delete()
    assert reminders.plan_missing() == 1
    assert ("reminder_late", "email", "planned") in states(appointment)
    assert reminders.plan_missing() == 0


# -- What they say ----------------------------------------------------------------------------------------------------
@pytest.fixture
def marked(clinic, therapist, patient):
    """Everything a message must not print is a marker string; date, time, short name, phone and link are not."""
    clinic.practice.name = f"{MARK} Pain Clinic"
    clinic.practice.save()
    clinic.location.name = clinic.room.name = f"{MARK} house"
    clinic.location.save()
    clinic.room.save()
    clinic.session.name = f"{MARK} CBT session"
    clinic.session.save()
    therapist.name = f"{MARK} Varga"
    therapist.save()
    profile = therapist.therapist
    profile.credentials = profile.introduction = profile.about = MARK
    profile.slug = MARK.lower()
    profile.save()
    for name in ("first_name", "last_name", "name_to_use", "pronouns", "access_needs", "do_not_contact"):
        setattr(patient, name, MARK)
    patient.phone = "+15415550100"
    patient.user.name = MARK
    patient.user.save()
    patient.save()
    consent(patient, "EMAIL", "SMS")
    return booked(therapist, patient, room=clinic.room, staff_note=MARK, cancel_reason=MARK)


def test_no_message_holds_a_name_a_kind_of_visit_or_a_clinical_word(marked):
    send()
    send(marked.starts_at - timedelta(hours=71))
    send(marked.starts_at - timedelta(hours=23))
    moved(marked, timedelta(days=2))
    send()
    cancelled(marked)
    send()
    sent = letters()
    assert sorted(letter.kind for letter in sent) == [
        "appointment_booked",
        "appointment_cancelled",
        "appointment_changed",
        "reminder_early",
        "reminder_late",
    ]
    for letter in sent:
        whole = " ".join([letter.subject, letter.text, letter.html, (letter.calendar or b"").decode(), letter.sender])
        assert MARK.lower() not in whole.lower().replace("\n ", "")
        for word in ("pain", "therap", "cbt", "session", "treatment", "course", "PsyD"):
            assert word.lower() not in whole.lower()


def test_an_email_ends_with_the_emergency_line_and_no_crisis_line(marked):
    send()
    (letter,) = letters()
    assert "In an emergency call 911." in letter.text
    assert "In an emergency call 911." in letter.html
    assert "988" not in letter.text + letter.html


def test_an_email_says_when_in_whose_zone_and_where_to_change_it(therapist, patient):
    patient.user = None
    patient.save()
    consent(patient, "EMAIL")
    booked(therapist, patient, starts_at=cast.at("2026-05-19 17:20"))
    send()
    (letter,) = letters()
    assert letter.subject == "Your appointment"
    assert "Tuesday, May 19, 2026\n10:20 am Pacific" in letter.text
    assert "(541) 555-0142" in letter.text
    assert re.search(r"^http://localhost:\d+/a/[\w-]{22}/$", letter.text, re.MULTILINE)
    assert "Keep the link to yourself" in letter.text


UNTIL = "change or cancel it until Monday, May 18, 10:20 am. After that, call (541) 555-0142."
SOON = "It is soon: to change it, call (541) 555-0142."


@pytest.mark.parametrize(
    ("now", "has", "has_not"), [("2026-05-12 15:00", UNTIL, "soon"), ("2026-05-19 06:00", SOON, "cancel")]
)
def test_an_email_promises_a_change_by_the_link_only_before_the_deadline(therapist, patient, now, has, has_not):
    patient.user = None
    patient.save()
    consent(patient, "EMAIL")
    with time_machine.travel(cast.at(now), tick=False):
        booked(therapist, patient, starts_at=cast.at("2026-05-19 17:20"))
        send()
    for words in (letters()[0].text, letters()[0].html):
        assert has in words
        assert has_not not in words


def test_somebody_with_an_account_is_led_to_the_sign_in_and_gets_no_private_link(therapist, patient):
    consent(patient, "EMAIL")
    booked(therapist, patient)
    send()
    (letter,) = letters()
    assert "/appointments/" in letter.text
    assert "/a/" not in letter.text + letter.html + letter.calendar.decode()
    assert letter.sender == "Tern Bay"


def test_a_call_is_told_in_the_readers_zone_with_the_clinics_beside_it(therapist, patient):
    patient.time_zone = "America/New_York"
    patient.save()
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient, starts_at=cast.at("2026-05-19 17:20"))
    appointment.modality = "video"
    appointment.save()
    send()
    (letter,) = letters()
    assert "1:20 pm Eastern" in letter.text
    assert "At the practice: Tuesday, 10:20 am Pacific" in letter.text


def test_every_kind_has_its_three_templates():
    for kind in kinds().values():
        for part in ("subject.txt", "body.txt", "body.html"):
            get_template(f"emails/{kind.stem or kind.name}-{part}")


@pytest.mark.parametrize("line", [appointment_words.reminder_line, appointment_words.changed_line])
@pytest.mark.parametrize("name", ["Tern Bay", "Zoë's Ångström — Praxis für alles Mögliche"[:40], "Ł" * 40])
def test_a_text_message_fits_one_of_160_letters_of_gsm(therapist, patient, line, name):
    appointment = booked(therapist, patient, starts_at=cast.at("2026-12-23 22:20"))
    practice = Practice.objects.get()
    practice.short_name = name
    text = line(Message.objects.first(), appointment, practice)
    assert len(text) <= 160
    assert set(text) <= appointment_words.GSM
    assert "(541) 555-0142" in text
    assert "to stop texts" in text


def test_a_text_message_names_the_clinic_the_time_and_the_way_out(therapist, patient):
    appointment = booked(therapist, patient, starts_at=cast.at("2026-05-19 17:20"))
    text = appointment_words.reminder_line(Message.objects.first(), appointment, Practice.objects.get())
    assert text == (
        "Tern Bay: reminder of your appointment Tue, May 19, 10:20 am PDT. "
        "For questions, or to stop texts, call (541) 555-0142."
    )


# -- What cannot be derived again -------------------------------------------------------------------------------------
def test_a_sign_in_code_rests_sealed_is_sent_and_wiped(patient):
    messages.account_message(kind="sign_in_code", user=patient.user, secret={"code": "K7PQ2M"})
    message = Message.objects.get()
    assert b"K7PQ2M" not in bytes(message.sealed_body)
    send()
    message.refresh_from_db()
    (letter,) = letters()
    assert "K7PQ2M" in letter.text
    assert (message.state, message.sealed_body) == ("sent", None)


def test_a_sealed_body_opens_only_in_its_own_row(patient):
    messages.account_message(kind="sign_in_code", user=patient.user, secret={"code": "K7PQ2M"})
    message = Message.objects.get()
    stranger = Message(sealed_body=message.sealed_body)
    with pytest.raises(sealing.NotOpened):
        outbox.open_body(stranger)


def test_the_key_ring_opens_what_an_older_key_sealed_and_nothing_else(settings):
    sealed = sealing.seal("words", secrets=["old"], purpose="p", row=1)
    assert sealing.unseal(sealed, secrets=["new", "old"], purpose="p", row=1) == "words"
    for secrets, purpose, row in ((["new"], "p", 1), (["old"], "q", 1), (["old"], "p", 2)):
        with pytest.raises(sealing.NotOpened):
            sealing.unseal(sealed, secrets=secrets, purpose=purpose, row=row)
    with pytest.raises(sealing.NotOpened):
        sealing.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), secrets=["old"], purpose="p", row=1)


def test_a_code_goes_at_night_and_needs_no_consent(patient):
    with time_machine.travel(cast.at("2026-05-13 10:00"), tick=False):  # 03:00 in Oregon
        messages.account_message(kind="sign_in_code", user=patient.user, secret={"code": "K7PQ2M"})
        assert send().sent == 1


def test_the_answer_to_an_unknown_address_goes_there(clinic):
    messages.account_message(kind="sign_in_unknown", secret={"to": "nobody@example.org"})
    send()
    assert [letter.to for letter in letters()] == ["nobody@example.org"]


def test_an_unknown_address_is_answered_before_the_practice_is_set_up(db, client):
    assert not Practice.objects.exists()
    assert client.post(reverse("account_request_login_code"), {"email": "nobody@example.org"}).status_code == 302
    assert send().sent == 1
    (letter,) = letters()
    assert letter.to == "nobody@example.org"
    assert "Evenkeel" in letter.subject + letter.text


def test_an_invitation_goes_to_its_address_until_it_is_used(manager):
    invitation = Invitation.objects.create(
        token_hash=b"1" * 32,
        email="new@example.org",
        name="N",
        roles=["therapist"],
        invited_by=manager,
        expires_at=DAYTIME + timedelta(days=7),
    )
    messages.invitation_made(invitation, link="http://localhost:8000/invitations/abc/")
    send()
    (letter,) = letters()
    assert letter.to == "new@example.org"
    assert "http://localhost:8000/invitations/abc/" in letter.text
    invitation.withdrawn_at = DAYTIME
    with pytest.raises(NotWanted):
        kinds()["invitation"].still_wanted(Message.objects.get(), invitation)


def test_a_kind_nobody_declares_cannot_be_planned(patient):
    with pytest.raises(KeyError):
        messages.plan(kind="unheard_of", channel="email", patient=patient, about=patient, due_at=DAYTIME)


def test_a_nudge_of_another_app_says_only_that_there_is_a_message(therapist, patient):
    kind = messages.nudge("news_of_test", label="News", rows=lambda ids: {}, still_wanted=outbox.always_wanted)
    words = kind.words(Message(), None, Practice.objects.get())
    assert set(words) == {"link", "practice", "phone"}
    assert kind.line(Message(), None, Practice.objects.get()) == (
        "Tern Bay: you have a new message. Please sign in to read it. To stop texts, call (541) 555-0142."
    )
