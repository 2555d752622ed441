"""The private link of an appointment: what it shows, what it may do, and that looking changes nothing."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils.html import strip_tags

from practice import booking, changing, manage_links
from practice.models import Appointment, AuditEvent, ManageLink, Message, Status
from tests.practice.schedule import NOW, TUESDAY_NINE, confirmed, contact, frozen

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def talk(clinic, therapist) -> Appointment:
    return confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org", time_zone="America/New_York"))


@pytest.fixture
def opened(talk, as_):
    """A browser that opened the link."""
    client = as_(None)
    assert client.get(path(talk)).status_code == 302
    return client


def path(appointment: Appointment) -> str:
    return manage_links.url_for(appointment).removeprefix(settings.PUBLIC_URL)


def page(name: str, appointment: Appointment) -> str:
    return reverse(f"practice:manage-{name}", args=[appointment.uid])


def send(client, name: str, appointment: Appointment):
    """Press the button of the page ``name``, with everything its form carries."""
    form = client.get(page("show" if name == "confirm" else name, appointment))
    return client.post(page(name, appointment), {"revision": form.context["appointment"].revision})


def everything() -> dict[str, int]:
    """How many rows every table has, and what the appointment says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        counts = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts | {"row": str(Appointment.objects.values().get())}


def test_the_token_is_128_random_bits_of_which_only_the_hash_rests(talk):
    token = path(talk).removeprefix("/a/").removesuffix("/")
    assert len(token) == 22
    link = ManageLink.objects.get()
    assert manage_links.text_of(link) == token
    assert token.encode() not in bytes(link.seed) + bytes(link.token_hash)
    assert bytes(link.token_hash) != bytes(link.seed)


def test_a_changed_key_opens_links_no_more_unless_it_is_kept_as_an_old_one(talk, opened, as_, settings):
    before = path(talk)
    settings.SECRET_KEY, old = "x" * 60, settings.SECRET_KEY
    assert manage_links.url_for(talk) == ""
    assert as_(None).get(before).status_code == 410
    assert opened.get(page("show", talk)).status_code == 404, "the cookie holds the same token"
    assert opened.post(page("cancel", talk)).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [old]
    assert path(talk) == before
    assert as_(None).get(before).status_code == 302
    assert opened.get(page("show", talk)).status_code == 200


def test_another_spelling_of_the_same_token_opens_nothing(talk, as_):
    token = path(talk).split("/")[2]
    same_bytes = token[:-1] + chr(ord(token[-1]) + 1)  # the last letter has four bits to spare: A, Q, g or w
    for text in (same_bytes, token + "=", token[:4] + "!" + token[4:]):
        assert as_(None).get(f"/a/{text}/").status_code == 410


def test_opening_the_link_leaves_its_address_at_once(talk, as_):
    answer = as_(None).get(path(talk))
    assert answer.url == page("show", talk)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"
    cookie = answer.cookies["manage"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (page("show", talk), True, "Lax")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing(talk, as_, opened, method):
    before = everything()
    for name in ("show", "confirm", "move", "cancel", "calendar"):
        opened.generic(method, page(name, talk))
    as_(None).generic(method, path(talk))
    assert everything() == before


def test_the_page_shows_time_place_and_neutral_name_only(talk, opened, clinic):
    text = opened.get(page("show", talk)).content.decode()
    assert "Tuesday, March 9, 12:00 pm" in strip_tags(text)
    assert "12:00 pm to 12:20 pm. Times are Eastern." in text
    assert "9:00 am" in text  # the clinic's clock beside it
    assert "Tern Bay" in text
    for word in ("Tern Bay Clinic", "Ines", "Varga", "Rosa", "talk", "session", "pain", "therap"):
        assert word not in text


@pytest.mark.parametrize("name", ["show", "move", "cancel", "calendar"])
def test_without_the_link_there_is_nothing(talk, as_, other_patient, therapist, name):
    for who in (None, other_patient.user, therapist):
        assert as_(who).get(page(name, talk)).status_code == 404


def test_a_wrong_link_says_it_has_ended(talk, as_):
    for token in ("x" * 22, "short", "%C3%A4" * 5):
        assert as_(None).get(f"/a/{token}/").status_code == 410


def test_the_link_of_one_appointment_opens_no_other(talk, opened, clinic, other_therapist):
    other = confirmed(clinic, other_therapist, TUESDAY_NINE + HOUR, contact("leon@example.org"))
    opened.cookies["manage"] = path(talk).split("/")[2]
    assert opened.get(page("show", other)).status_code == 404
    assert opened.post(page("cancel", other)).status_code == 404


def test_it_confirms(talk, opened):
    assert send(opened, "confirm", talk).status_code == 302
    talk.refresh_from_db()
    assert talk.status == Status.CONFIRMED


def test_it_moves_with_the_same_picker(talk, opened):
    shown = opened.get(page("move", talk) + "?day=2027-03-10")
    value = shown.context["picker"].parts[0].times[0].value
    answer = opened.post(page("move", talk), {"starts": value, "revision": 0})
    assert answer.status_code == 302
    talk.refresh_from_db()
    assert (talk.starts_at.isoformat(), talk.revision) == (value, 1)


def test_a_move_says_from_when_to_when(talk, opened):
    opened.post(page("move", talk), {"starts": (TUESDAY_NINE + HOUR).isoformat(), "revision": 0})
    said = "Moved to Tuesday, March 9, 1:00 pm. Before, it was on Tuesday, March 9, 12:00 pm. Times are Eastern."
    assert said in opened.get(page("show", talk)).text


def test_who_said_yes_and_moves_is_not_asked_again(talk, opened):
    assert "Yes, I will come" in opened.get(page("show", talk)).text
    send(opened, "confirm", talk)
    opened.post(page("move", talk), {"starts": (TUESDAY_NINE + HOUR).isoformat(), "revision": 0})
    shown = opened.get(page("show", talk)).text
    assert "Yes, I will come" not in shown
    assert shown.count("Confirmed") == 1


def test_after_cancelling_the_free_times_are_one_press_away(talk, opened):
    send(opened, "cancel", talk)
    assert f'href="{reverse("practice:slot-first")}"' in opened.get(page("show", talk)).text


def test_a_cancelled_visit_that_nobody_books_online_leaves_the_telephone(talk, opened, clinic):
    Appointment.objects.update(type=clinic.session)
    send(opened, "cancel", talk)
    shown = opened.get(page("show", talk)).text
    assert f'href="{reverse("practice:slot-first")}"' not in shown
    assert "To find another time, call" in shown


def test_a_move_to_a_time_that_went_answers_409_and_shows_what_is_free(talk, opened, clinic, therapist):
    confirmed(clinic, therapist, TUESDAY_NINE + HOUR, contact("leon@example.org"))
    answer = opened.post(page("move", talk), {"starts": (TUESDAY_NINE + HOUR).isoformat(), "revision": 0})
    assert answer.status_code == 409
    assert answer.context["picker"].parts
    talk.refresh_from_db()
    assert talk.starts_at == TUESDAY_NINE


def test_a_move_from_an_old_page_shows_how_it_stands(talk, opened, front_desk):
    changing.move(by=front_desk, appointment=talk, starts_at=TUESDAY_NINE + HOUR)
    answer = opened.post(page("move", talk), {"starts": (TUESDAY_NINE + 2 * HOUR).isoformat(), "revision": 0})
    assert answer.status_code == 409
    assert "It changed in the meantime" in answer.content.decode()


@pytest.mark.parametrize(("name", "shown"), [("confirm", "show"), ("cancel", "cancel"), ("move", "move")])
def test_the_forms_carry_the_revision_and_an_old_one_changes_nothing(talk, opened, front_desk, name, shown):
    field = '<input type="hidden" name="revision" value="{}">'
    assert field.format(0) in opened.get(page(shown, talk)).text
    changing.move(by=front_desk, appointment=talk, starts_at=TUESDAY_NINE + HOUR)
    before = everything()
    answer = opened.post(page(name, talk), {"starts": (TUESDAY_NINE + 2 * HOUR).isoformat(), "revision": 0})
    assert answer.status_code == 409
    assert "It changed in the meantime" in answer.text
    assert "1:00 pm" in answer.text, "the present time, by the reader's clock"
    assert field.format(1) in answer.text, "a fresh form"
    assert f'<form method="post" action="{page(name, talk)}"' in answer.text
    assert everything() == before
    assert send(opened, name, talk).status_code == (422 if name == "move" else 302)


@pytest.mark.parametrize("name", ["confirm", "cancel"])
def test_a_form_without_its_revision_is_shown_again(talk, opened, name):
    before = everything()
    for body in ({}, {"revision": "x"}, {"revision": "-1"}):
        assert opened.post(page(name, talk), body).status_code == 422
    assert everything() == before


@pytest.mark.parametrize(("name", "told"), [("confirm", 0), ("cancel", 1)])
def test_the_same_form_sent_twice_does_it_once(talk, opened, name, told):
    for _time in range(2):
        assert opened.post(page(name, talk), {"revision": 0}).url == page("show", talk)
    talk.refresh_from_db()
    assert talk.revision == told
    assert AuditEvent.objects.filter(object_type="practice.appointment").count() == 2  # booked, and this
    assert Message.objects.filter(kind="appointment_cancelled").count() == told


def test_a_move_sent_twice_moves_once(talk, opened):
    there = {"starts": (TUESDAY_NINE + HOUR).isoformat(), "revision": 0}
    for _time in range(2):
        assert opened.post(page("move", talk), there).url == page("show", talk)
    talk.refresh_from_db()
    assert talk.revision == 1


def test_the_present_time_is_no_choice_to_move_to(talk, opened):
    shown = opened.get(page("move", talk)).context["picker"]
    values = [time.value for part in shown.parts for time in part.times]
    assert (TUESDAY_NINE + 20 * MINUTE).isoformat() in values
    assert TUESDAY_NINE.isoformat() not in values
    assert next(day for day in shown.days if day.is_chosen).count == len(values)
    answer = opened.post(page("move", talk), {"starts": TUESDAY_NINE.isoformat(), "revision": 0})
    assert answer.status_code == 422
    assert "That is your present time" in answer.text
    assert "Moved." not in opened.get(page("show", talk)).text


def test_a_cancelled_appointment_is_not_moved_and_says_so(talk, opened):
    send(opened, "cancel", talk)
    answer = opened.post(page("move", talk), {"starts": (TUESDAY_NINE + HOUR).isoformat(), "revision": 0})
    assert answer.status_code == 409
    assert "This cannot be changed here any more" in answer.text
    assert "too close" not in answer.text
    assert opened.post(page("confirm", talk), {"revision": 1}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"starts": "x", "revision": 0}])
def test_a_move_without_a_time_answers_422(talk, opened, body):
    assert opened.post(page("move", talk), body).status_code == 422


def test_it_cancels_after_a_question(talk, opened):
    assert "Cancel the appointment?" in opened.get(page("cancel", talk)).content.decode()
    assert send(opened, "cancel", talk).status_code == 302
    talk.refresh_from_db()
    assert talk.status == Status.CANCELLED_EARLY
    assert "Cancelled." in opened.get(page("show", talk)).content.decode()


def test_after_the_deadline_it_is_the_telephone(talk, opened, frozen):
    frozen.move_to(TUESDAY_NINE - 23 * HOUR)
    text = opened.get(page("show", talk)).content.decode()
    assert "(541) 555-0142" in text
    assert page("move", talk) not in text
    assert opened.post(page("cancel", talk)).status_code == 409
    assert opened.post(page("move", talk), {"starts": TUESDAY_NINE.isoformat(), "revision": 0}).status_code == 409
    talk.refresh_from_db()
    assert talk.status == Status.BOOKED


def test_it_is_dead_after_the_visit(talk, opened, as_, frozen):
    address = path(talk)
    frozen.move_to(TUESDAY_NINE + 20 * timedelta(minutes=1))
    assert as_(None).get(address).status_code == 410
    assert opened.get(page("show", talk)).status_code == 404
    assert manage_links.url_for(talk) == ""


def test_a_revoked_link_is_dead(talk, as_):
    address = path(talk)
    ManageLink.objects.update(revoked_at=NOW)
    assert as_(None).get(address).status_code == 410


def test_the_calendar_file_tells_nobody_what_it_is_for(talk, opened):
    answer = opened.get(page("calendar", talk))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    text = answer.content.decode()
    assert f"UID:{talk.uid}@" in text
    assert "SUMMARY:Appointment" in text
    assert "Varga" not in text


def test_a_patient_needs_no_link_for_the_own_appointments(clinic, therapist, patient, as_, front_desk):
    visit = booking.book(
        by=front_desk, therapist=therapist.therapist, patient=patient, type=clinic.session, modality="video",
        location=clinic.location, starts_at=TUESDAY_NINE,
    )  # fmt: skip
    client = as_(patient.user)
    assert page("show", visit) in client.get("/appointments/").content.decode()
    assert send(client, "cancel", visit).status_code == 302
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED_EARLY
