"""Holding a time and booking it, as a visitor's browser does."""

import re
import uuid
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from practice import booking, confirming, holding
from practice.booking import NotOffered, SlotTaken, TokenReused
from practice.holding import HoldGone, TooManyHolds
from practice.models import Appointment, AuditEvent, ConsentRecord, ManageLink, Modality, Patient, Status
from tests.practice.schedule import TUESDAY_NINE, contact, frozen, held

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WORDS = {"name": "Rosa Meier", "email": "rosa@example.org", "phone": "", "email_consent": "on"}
CONFIRM = "/book/"


def take(client: Client, therapist, starts_at=TUESDAY_NINE, way="video"):
    wish = {"therapist": therapist.therapist.slug, "way": way, "starts": starts_at.isoformat()}
    return client.post(reverse("practice:hold-create"), wish)


def fill(client: Client, **words):
    return client.post(CONFIRM, WORDS | ({} if "token" in words else form_of(client)) | words)


def form_of(client: Client) -> dict[str, str]:
    """What the form that a browser shows now carries unseen."""
    page = client.get(CONFIRM)
    unseen = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.content.decode()))
    return {name: unescape(unseen[name]) for name in ("token", "wish")}


def words_of(client: Client, path: str) -> str:
    """The text of a page: what stands in its main part, without the marks."""
    main = client.get(path).content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split()).replace(" .", ".")


@pytest.fixture
def browser(as_) -> Client:
    return as_(None)


# -- The rules ------------------------------------------------------------------------------------------
def test_a_hold_is_a_row_for_ten_minutes_without_history_or_audit(clinic, therapist):
    row = held(clinic, therapist, TUESDAY_NINE)
    assert (row.status, row.held_until - row.created_at, row.patient) == (Status.HELD, timedelta(minutes=10), None)
    assert not Appointment.pgh_event_model.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_session_holds_one_time(clinic, therapist):
    first = held(clinic, therapist, TUESDAY_NINE, "one")
    second = held(clinic, therapist, TUESDAY_NINE + HOUR, "one")
    assert list(Appointment.objects.values_list("pk", flat=True)) == [second.pk] != [first.pk]


def test_holding_the_same_time_again_is_the_same_hold(clinic, therapist):
    assert held(clinic, therapist, TUESDAY_NINE, "one") == held(clinic, therapist, TUESDAY_NINE, "one")


def test_a_session_may_choose_a_time_that_overlaps_its_own_hold(clinic, therapist):
    held(clinic, therapist, TUESDAY_NINE, "one")
    assert held(clinic, therapist, TUESDAY_NINE + 20 * MINUTE, "one").pk


def test_an_address_holds_five_times_at_most(clinic, therapist):
    for number in range(5):
        held(clinic, therapist, TUESDAY_NINE + number * HOUR, f"session {number}", address="192.0.2.7")
    with pytest.raises(TooManyHolds):
        held(clinic, therapist, TUESDAY_NINE + 5 * HOUR, "session 5", address="192.0.2.7")
    assert "192.0.2.7" not in str(list(Appointment.objects.values_list("hold_address")))


def test_a_held_time_is_taken_for_others_and_free_again_after_ten_minutes(clinic, therapist, frozen):
    held(clinic, therapist, TUESDAY_NINE, "one")
    with pytest.raises(SlotTaken):
        held(clinic, therapist, TUESDAY_NINE, "two")
    frozen.shift(10 * MINUTE)
    assert held(clinic, therapist, TUESDAY_NINE, "two").pk


def test_a_hold_can_be_kept_for_an_hour_in_all(clinic, therapist, frozen):
    row = held(clinic, therapist, TUESDAY_NINE, "one")
    for _ in range(8):
        frozen.shift(9 * MINUTE)
        row = holding.extend_hold(hold=row)
    assert row.held_until - row.created_at == HOUR


@pytest.mark.parametrize("change", [{"is_listed": False}, {"accepts_patients": False}])
def test_only_the_public_schedule_is_held(clinic, therapist, change):
    type(therapist.therapist).objects.update(**change)
    with pytest.raises(NotOffered):
        held(clinic, therapist, TUESDAY_NINE)


def test_only_a_public_type_is_held(clinic, therapist):
    with pytest.raises(NotOffered):
        held(clinic, therapist, TUESDAY_NINE, type=clinic.session)


def test_a_hold_that_ran_out_is_still_ours_while_nobody_took_it(clinic, therapist, frozen):
    row = held(clinic, therapist, TUESDAY_NINE, "one")
    frozen.shift(HOUR)
    assert (
        confirming.confirm_hold(hold=row, token=uuid.uuid4(), contact=contact("a@example.org")).status == Status.BOOKED
    )


def test_a_hold_that_was_released_is_gone(clinic, therapist):
    row = held(clinic, therapist, TUESDAY_NINE, "one")
    holding.release_hold(hold=row)
    with pytest.raises(HoldGone):
        confirming.confirm_hold(hold=row, token=uuid.uuid4(), contact=contact("a@example.org"))


def test_the_same_token_with_other_words_is_refused(clinic, therapist):
    row, token = held(clinic, therapist, TUESDAY_NINE, "one"), uuid.uuid4()
    confirming.confirm_hold(hold=row, token=token, contact=contact("a@example.org"))
    with pytest.raises(TokenReused):
        confirming.confirm_hold(hold=row, token=token, contact=contact("b@example.org"))


def test_old_holds_are_swept(clinic, therapist, frozen):
    held(clinic, therapist, TUESDAY_NINE)
    frozen.shift(timedelta(minutes=71))
    assert holding.expire_holds() == 1


# -- The pages ------------------------------------------------------------------------------------------
def test_a_visitor_books_without_an_account(clinic, therapist, browser):
    assert urlsplit(take(browser, therapist).url).path == CONFIRM
    answer = fill(browser, sms_consent="on", phone="(541) 555-0177")
    assert (answer.status_code, answer.url) == (302, "/book/done/")
    appointment = Appointment.objects.get()
    patient = appointment.patient
    assert (appointment.status, appointment.modality) == (Status.BOOKED, Modality.VIDEO)
    assert (patient.status, patient.first_name, patient.last_name) == (Patient.Status.PROSPECT, "Rosa", "Meier")
    assert (patient.email_key, str(patient.phone)) == ("rosa@example.org", "+15415550177")
    given = ConsentRecord.objects.filter(patient=patient)
    assert sorted(given.values_list("type", "decision")) == [("EMAIL", "given"), ("SMS", "given")]
    assert ManageLink.objects.filter(appointment=appointment).exists()
    done = browser.get(answer.url)
    assert "/a/" in done.content.decode()


def test_before_and_after_booking_it_says_until_when_the_link_changes_it(clinic, therapist, browser):
    take(browser, therapist)
    assert "You can change or cancel it until Monday, March 8, 9:00 am. After that, call" in words_of(browser, CONFIRM)
    done = words_of(browser, fill(browser).url)
    assert "You can change or cancel it until Monday, March 8, 9:00 am. After that, call" in done
    assert "Change or cancel" in done
    assert "once" not in done  # it stands there again when the page is loaded again
    assert words_of(browser, "/book/done/") == done


def test_a_talk_within_the_deadline_is_changed_by_telephone_and_every_page_says_so(clinic, therapist, browser, frozen):
    frozen.move_to(TUESDAY_NINE - 3 * HOUR)
    take(browser, therapist)
    assert "It is soon: to change it, call (541) 555-0142. Your private link shows the time." in words_of(
        browser, CONFIRM
    )
    done = words_of(browser, fill(browser).url)
    assert "It is soon: to change it, call (541) 555-0142." in done
    assert "This private link shows your time." in done
    for untrue in ("Change or cancel", "until", "the day before"):
        assert untrue not in done


def test_no_page_of_a_booking_is_kept_in_a_cache(clinic, therapist, browser):
    empty = browser.get(CONFIRM)
    held_answer = take(browser, therapist)
    form = browser.get(CONFIRM)
    token = str(form.context["form"]["token"].value())
    longer = browser.post("/book/hold/extend/", WORDS | {"token": token})
    refused = browser.post(CONFIRM, {"token": token})
    booked_answer = fill(browser)
    for answer in (empty, held_answer, form, longer, refused, booked_answer, browser.get("/book/done/")):
        assert "no-store" in answer.headers["Cache-Control"]
    uid = Appointment.objects.get().uid
    for name in ("show", "move", "cancel", "calendar"):
        answer = browser.get(reverse(f"practice:manage-{name}", args=[uid]))
        assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (200, True)


def test_consents_begin_at_no(clinic, therapist, browser):
    take(browser, therapist)
    fill(browser, email_consent="")
    assert not ConsentRecord.objects.exists()


def test_a_double_click_is_one_booking_and_the_same_page(clinic, therapist, browser):
    take(browser, therapist)
    token = browser.get(CONFIRM).context["form"]["token"].value()
    answers = [fill(browser, token=token) for _ in range(2)]
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/book/done/")] * 2
    assert Appointment.objects.count() == 1


def test_a_tab_books_the_time_it_shows_whatever_another_tab_holds(clinic, therapist, browser):
    take(browser, therapist)
    first = form_of(browser)
    take(browser, therapist, TUESDAY_NINE + 2 * HOUR)
    assert fill(browser, **first).status_code == 302
    assert Appointment.objects.exclude(status=Status.HELD).get().starts_at == TUESDAY_NINE


def test_a_tab_whose_time_went_while_another_was_held_says_so_and_books_neither(clinic, therapist, browser, as_):
    take(browser, therapist)
    first = form_of(browser)
    take(browser, therapist, TUESDAY_NINE + 2 * HOUR)
    take(as_(None, REMOTE_ADDR="192.0.2.9"), therapist)
    answer = fill(browser, **first)
    assert answer.status_code == 409
    assert "That time has just gone" in answer.content.decode()
    assert 'value="Rosa Meier"' in answer.content.decode()
    assert set(Appointment.objects.values_list("status", flat=True)) == {Status.HELD}


def test_ten_more_minutes_are_not_given_to_the_time_of_another_tab(clinic, therapist, browser, frozen):
    take(browser, therapist)
    first = form_of(browser)
    take(browser, therapist, TUESDAY_NINE + 2 * HOUR)
    until = Appointment.objects.get().held_until
    frozen.shift(5 * MINUTE)
    answer = browser.post("/book/hold/extend/", WORDS | first)
    assert (answer.status_code, answer.context["wish"].starts_at) == (409, TUESDAY_NINE)
    assert "This time is no longer held." in answer.content.decode()
    assert Appointment.objects.get().held_until == until


def test_the_back_button_with_other_words_says_what_was_booked(clinic, therapist, browser):
    take(browser, therapist)
    token = browser.get(CONFIRM).context["form"]["token"].value()
    fill(browser, token=token)
    answer = fill(browser, token=token, name="Somebody Else")
    assert answer.status_code == 409
    assert "/book/done/" in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_wrong_words_answer_422_and_stay(clinic, therapist, browser):
    take(browser, therapist)
    answer = fill(browser, email="rosa", name="Rosa <Meier>")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Error:" in page
    assert 'value="rosa"' in page
    assert "Rosa &lt;Meier&gt;" in page


def test_text_messages_need_a_number(clinic, therapist, browser):
    take(browser, therapist)
    assert fill(browser, sms_consent="on").status_code == 422


def test_ten_more_minutes_keep_what_was_typed(clinic, therapist, browser, frozen):
    take(browser, therapist)
    token = browser.get(CONFIRM).context["form"]["token"].value()
    frozen.shift(5 * MINUTE)
    answer = browser.post("/book/hold/extend/", WORDS | {"token": token, "email": "half"})
    assert answer.status_code == 200
    assert 'value="half"' in answer.content.decode()
    assert answer.context["form"]["token"].value() == str(token)
    assert answer.context["wish"].held.held_until == Appointment.objects.get().held_until
    row = Appointment.objects.get()
    assert row.held_until - row.created_at == 15 * MINUTE


def test_a_taken_time_answers_409_keeps_the_words_and_shows_the_three_nearest(
    clinic, therapist, patient, front_desk, browser, frozen
):
    take(browser, therapist)
    frozen.shift(11 * MINUTE)
    booking.book(
        by=front_desk, therapist=therapist.therapist, patient=patient, type=clinic.session, modality="video",
        location=clinic.location, starts_at=TUESDAY_NINE,
    )  # fmt: skip
    answer = fill(browser)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "That time has just gone" in page
    assert 'value="Rosa Meier"' in page
    assert 'name="email_consent"' in page
    near = [slot.starts_at for slot in answer.context["nearest"]]
    assert near == [TUESDAY_NINE + minutes * MINUTE for minutes in (60, 80, 100)]
    again = fill(browser, token=answer.context["form"]["token"].value(), starts=near[1].isoformat())
    assert again.status_code == 302
    assert Appointment.objects.get(patient__email_key="rosa@example.org").starts_at == near[1]


def test_a_hold_that_ran_out_is_offered_again_with_the_words(clinic, therapist, browser, frozen):
    take(browser, therapist)
    token = browser.get(CONFIRM).context["form"]["token"].value()
    frozen.shift(timedelta(hours=3))
    holding.expire_holds()
    assert not Appointment.objects.exists()
    assert "This time is no longer held." in browser.get(CONFIRM).content.decode()
    assert fill(browser, token=token).status_code == 302
    assert Appointment.objects.get().starts_at == TUESDAY_NINE


def test_a_time_that_went_before_it_was_held_answers_409_with_the_nearest(clinic, therapist, as_):
    take(as_(None, REMOTE_ADDR="192.0.2.1"), therapist)
    answer = take(as_(None, REMOTE_ADDR="192.0.2.2"), therapist)
    assert answer.status_code == 409
    assert [slot.starts_at for slot in answer.context["nearest"]] == [
        TUESDAY_NINE + minutes * MINUTE for minutes in (20, 40, 60)
    ]


@pytest.mark.parametrize("starts", ["", "tomorrow", "2027-03-09T09:00"])
def test_no_time_chosen_answers_422(clinic, therapist, browser, starts):
    wish = {"therapist": therapist.therapist.slug, "way": "video", "starts": starts}
    answer = browser.post("/book/hold/", wish)
    assert answer.status_code == 422
    assert "Choose one of the times." in answer.content.decode()


def test_limits_say_nothing_but_please_call(clinic, therapist, as_):
    first = as_(None, REMOTE_ADDR="192.0.2.1")
    take(first, therapist)
    fill(first)
    second = as_(None, REMOTE_ADDR="192.0.2.2")
    take(second, therapist, TUESDAY_NINE + HOUR)
    other_tab = form_of(second)
    take(second, therapist, TUESDAY_NINE + 2 * HOUR)
    for form, still_held in ((other_tab, 1), (form_of(second), 0)):
        answer = fill(second, email="ROSA@example.org ", **form)
        assert answer.status_code == 409
        assert "Please call us" in answer.content.decode()
        assert Appointment.objects.exclude(status=Status.HELD).count() == 1
        assert Appointment.objects.filter(status=Status.HELD).count() == still_held


def test_a_signed_in_patient_books_for_the_own_record(clinic, therapist, patient, as_):
    client = as_(patient.user)
    take(client, therapist)
    token = client.get(CONFIRM).context["form"]["token"].value()
    assert client.post(CONFIRM, {"token": str(token)}).status_code == 302
    appointment = Appointment.objects.get()
    assert (appointment.patient, appointment.booked_by) == (patient, patient.user)
    assert "/a/" not in client.get("/book/done/").content.decode()


def test_nothing_held_says_what_to_do(browser, clinic):
    for address in (CONFIRM, "/book/done/"):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "No time is held" in answer.content.decode()


def test_a_stranger_sees_nothing_of_a_booking(clinic, therapist, browser, as_):
    take(browser, therapist)
    fill(browser)
    assert "No time is held" in as_(None).get("/book/done/").content.decode()
