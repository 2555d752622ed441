"""What a visitor is told after pressing the button: what was booked, what is sent where, or whom to call."""

import pytest
from django.urls import reverse
from django.utils import timezone

from practice.models import Appointment, Message, Status
from practice.models.message import Channel, MessageState
from tests.practice.schedule import TUESDAY_NINE, frozen
from tests.practice.test_hold import CONFIRM, HOUR, fill, take, words_of

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")
DONE = "/book/done/"
NUMBER = "(541) 555-0177"


@pytest.fixture
def browser(as_):
    return as_(None)


def done_after(browser, therapist, way="video", **words) -> str:
    take(browser, therapist, way=way)
    assert fill(browser, **words).url == DONE
    return words_of(browser, DONE)


def test_with_consent_the_page_says_where_the_confirmation_goes(clinic, therapist, browser):
    said = done_after(browser, therapist)
    assert "We e-mail a confirmation with a calendar file to rosa@example.org." in said
    assert "We send you no" not in said


def test_without_consent_it_says_that_nothing_comes_and_what_to_do(clinic, therapist, browser):
    said = done_after(browser, therapist, email_consent="")
    assert "We send you no message. Add the time to your calendar, write it down, or keep the private link." in said
    assert "rosa@example.org" not in said


def test_with_consent_to_texts_alone_it_says_that_no_email_comes(clinic, therapist, browser):
    said = done_after(browser, therapist, email_consent="", sms_consent="on", phone=NUMBER)
    assert f"We text a reminder to {NUMBER} a day before. We send you no e-mail." in said


def test_a_page_read_again_on_the_last_day_still_tells_of_the_text_message(clinic, therapist, browser, frozen):
    frozen.move_to(TUESDAY_NINE - 30 * HOUR)
    done_after(browser, therapist, email_consent="", sms_consent="on", phone=NUMBER)
    frozen.move_to(TUESDAY_NINE - 23 * HOUR)
    assert f"We text a reminder to {NUMBER}" in words_of(browser, DONE)
    Message.objects.filter(kind="reminder_late", channel=Channel.SMS).update(
        state=MessageState.SENT, sent_at=timezone.now()
    )
    said = words_of(browser, DONE)
    assert f"We have texted a reminder to {NUMBER}. We send you no e-mail." in said
    assert "We send you no message" not in said


def test_a_talk_too_soon_for_a_reminder_promises_none(clinic, therapist, browser, frozen):
    frozen.move_to(TUESDAY_NINE - 3 * HOUR)
    said = done_after(browser, therapist, sms_consent="on", phone=NUMBER)
    assert "calendar file to rosa@example.org." in said
    assert "We text" not in said


def test_a_talk_by_phone_names_the_number_we_call(clinic, therapist, browser):
    take(browser, therapist, way="phone")
    assert "We call you at this number." in words_of(browser, CONFIRM)
    fill(browser, phone=NUMBER)
    assert f"We call you at {NUMBER}." in words_of(browser, DONE)


def test_a_talk_by_phone_without_a_number_asks_for_one(clinic, therapist, browser):
    said = done_after(browser, therapist, way="phone")
    assert "We have no number to call you at. Call (541) 555-0142 before and tell us one." in said


def test_the_page_of_the_private_link_names_no_number(clinic, therapist, browser):
    done_after(browser, therapist, way="phone", phone=NUMBER)
    uid = Appointment.objects.get().uid
    assert "0177" not in browser.get(reverse("practice:manage-show", args=[uid])).text


def test_going_back_after_booking_leads_to_what_was_booked(clinic, therapist, browser):
    done_after(browser, therapist)
    said = words_of(browser, CONFIRM)
    assert "Your talk is booked" in said
    assert "No time is held" not in said
    assert f'href="{DONE}"' in browser.get(CONFIRM).text


def test_a_talk_cancelled_meanwhile_is_not_called_booked(clinic, therapist, browser):
    done_after(browser, therapist)
    Appointment.objects.update(status=Status.CANCELLED_EARLY, cancelled_at=timezone.now())
    for address in (CONFIRM, DONE):
        said = words_of(browser, address)
        assert "booked" not in said
        assert "No time is held" in said


# -- A limit -----------------------------------------------------------------------------------------------------------
def refused(clinic, therapist, as_, **words):
    """The answer to the second talk of the same person with the same therapist, and the browser that got it."""
    first = as_(None, REMOTE_ADDR="192.0.2.1")
    take(first, therapist)
    fill(first, phone=NUMBER)
    second = as_(None, REMOTE_ADDR="192.0.2.2")
    take(second, therapist, TUESDAY_NINE + HOUR)
    return fill(second, **words), second


def main_of(answer) -> str:
    return answer.text.partition("<main")[2].partition("</main>")[0]


def test_a_limit_leaves_the_telephone_and_ways_to_other_times_but_no_button(clinic, therapist, as_):
    answer, _browser = refused(clinic, therapist, as_)
    page = main_of(answer)
    assert answer.status_code == 409
    assert "<form" not in page
    assert "<button" not in page
    assert 'class="btn" href="tel:+1-541-555-0142"' in page
    for way_on in ("practice:slot-first", "practice:therapist-list"):
        assert f'href="{reverse(way_on)}"' in page


@pytest.mark.parametrize("same", [{"email": " ROSA@example.org"}, {"email": "other@example.org", "phone": NUMBER}])
def test_a_limit_shows_what_was_typed_and_not_what_it_counted(clinic, therapist, as_, same):
    page = main_of(refused(clinic, therapist, as_, name="Leon Abara", **same)[0])
    for typed in ("Leon Abara", same["email"].strip(), same.get("phone", "")):
        assert typed in page
    for telling in ("already", "limit", "before", "same", "second"):
        assert telling not in page.lower()


def test_the_answer_to_either_limit_is_the_same(clinic, therapist, as_):
    by_mail, browser = refused(clinic, therapist, as_, phone="(541) 555-0188")
    take(browser, therapist, TUESDAY_NINE + HOUR)
    by_phone = fill(browser, email="other@example.org", phone=NUMBER)
    pages = [
        main_of(answer).replace(mail, "").replace(phone, "")
        for answer, mail, phone in (
            (by_mail, "rosa@example.org", "(541) 555-0188"),
            (by_phone, "other@example.org", NUMBER),
        )
    ]
    assert pages[0] == pages[1]


def test_a_time_refused_by_a_limit_is_free_for_the_desk_at_once(clinic, therapist, as_):
    refused(clinic, therapist, as_)
    assert not Appointment.objects.filter(status=Status.HELD).exists()


def test_who_mended_the_words_after_a_limit_books_the_same_time(clinic, therapist, as_):
    _answer, browser = refused(clinic, therapist, as_)
    assert fill(browser, email="another.person@example.org", phone="").url == DONE
    assert Appointment.objects.order_by("-pk")[0].starts_at == TUESDAY_NINE + HOUR
