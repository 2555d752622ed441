"""The start page: a next step with a time for patients, the own day for clinicians, the day sheet for the desk."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from practice.models import AuditEvent, Modality, Status
from practice.start import Badge, Card, Mark, collect_badges, collect_cards, day_of, greeting
from tests import cast

pytestmark = pytest.mark.django_db
MORNING = "2026-05-12 15:30"  # 8:30 am in Tern Bay
TODAY = "/today/"
CANCELLED = {"status": Status.CANCELLED_EARLY, "cancelled_at": cast.at("2026-05-11 15:30")}


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(cast.at(MORNING), tick=False):
        yield


@pytest.fixture
def home(monkeypatch):
    """An app that offers what the test says, in place of those that are installed."""

    class Offers:
        offered: dict = {}

        def cards(self, user):
            return self.offered.get("cards", [])

        def badges(self, user):
            return self.offered.get("badges", [])

        def marks(self, user, appointments):
            return self.offered.get("marks", {})

    app = Offers()
    monkeypatch.setattr("practice.start.home_modules", lambda: (app,))
    return app


def html_of(as_, user) -> str:
    answer = as_(user).get(TODAY)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_patient_sees_the_next_appointment_with_day_time_and_zone(patient, therapist, as_, home):
    cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-14 21:00"))
    html = html_of(as_, patient.user)
    assert "Good morning, Rosa" in html
    assert "Thursday, 2:00 pm" in html
    assert "Times are Pacific." in html
    assert "You can change this up to Wednesday, May 13, 2:00 pm." in html
    assert "By video with Ines Varga." in html


def test_a_patient_in_another_zone_reads_both_clocks_for_a_call_and_the_clinics_for_a_room(
    patient, therapist, as_, home
):
    patient.user.time_zone = "America/New_York"
    patient.user.save()
    visit = cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-14 21:00"))
    html = html_of(as_, patient.user)
    assert "Thursday, 5:00 pm" in html
    assert "Times are Eastern. Thursday, 2:00 pm at the clinic (Pacific)." in html
    visit.modality = Modality.IN_PERSON
    visit.save()
    html = html_of(as_, patient.user)
    assert "Thursday, 2:00 pm" in html
    assert "Times are Pacific." in html


def test_after_the_deadline_the_page_says_to_call(patient, therapist, as_, home):
    cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-12 21:00"))
    html = html_of(as_, patient.user)
    assert "It is soon: to change it now, call" in html


def test_ended_cancelled_and_foreign_appointments_are_not_the_next_one(patient, other_patient, therapist, as_, home):
    profile = therapist.therapist
    cast.appointment(therapist=profile, patient=patient, starts_at=cast.at("2026-05-11 21:00"))
    cast.appointment(therapist=profile, patient=patient, starts_at=cast.at("2026-05-13 18:00"), **CANCELLED)
    cast.appointment(therapist=profile, patient=other_patient, starts_at=cast.at("2026-05-13 20:00"))
    assert "Nothing is booked right now" in html_of(as_, patient.user)


def test_the_title_names_nobody(patient, therapist, as_, home):
    assert "<title>Today - Evenkeel</title>" in html_of(as_, patient.user).replace("\n", "")
    assert "<title>Today - Evenkeel</title>" in html_of(as_, therapist).replace("\n", "")


def test_cards_stand_in_their_order_and_a_rough_day_shows_one(patient, as_, home):
    empty = {"heading": "x", "text": "y"}
    home.offered = {
        "cards": [
            Card(40, "parts/empty.html", empty | {"name": "reading"}),
            Card(20, "parts/empty.html", empty | {"name": "course"}, asks=False),
            Card(25, "parts/empty.html", empty | {"name": "registration"}),
        ]
    }
    assert [card.context["name"] for card in collect_cards(patient.user)] == ["course", "registration", "reading"]
    assert html_of(as_, patient.user).count('class="empty"') == 3
    answer = as_(patient.user).get(TODAY + "?one")
    rough = answer.content.decode()
    assert rough.count('class="empty"') == 1
    assert [card.context["name"] for card in answer.context["cards"]] == ["registration"], "the course asks for nothing"
    assert "Nothing is booked right now" not in rough


def test_a_rough_day_on_which_nothing_is_asked_says_how_things_stand(patient, as_, home):
    home.offered = {"cards": [Card(20, "parts/empty.html", {}, asks=False)]}
    assert as_(patient.user).get(TODAY + "?one").content.decode().count('class="empty"') == 1


def test_a_rough_day_shows_the_next_visit_and_nothing_besides(patient, therapist, as_, home):
    home.offered = {"cards": [Card(20, "parts/empty.html", {"heading": "x", "text": "y"})]}
    cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-14 21:00"))
    rough = as_(patient.user).get(TODAY + "?one").content.decode()
    assert "Thursday, 2:00 pm" in rough
    assert 'class="empty"' not in rough
    assert 'class="empty"' in html_of(as_, patient.user)


def test_a_rough_day_without_anything_says_that_nothing_is_booked(patient, as_, home):
    assert "Nothing is booked right now" in as_(patient.user).get(TODAY + "?one").content.decode()


def test_of_several_things_to_try_a_rough_day_shows_one(patient, as_, home):
    lines = [{"text": "Walk to the pier", "how_often": ""}, {"text": "Bend to the low shelf", "how_often": ""}]
    home.offered = {"cards": [Card(30, "sessions/patient/card_homework.html", {"homework": lines})]}
    assert "Bend to the low shelf" in html_of(as_, patient.user)
    rough = as_(patient.user).get(TODAY + "?one").content.decode()
    assert "Walk to the pier" in rough
    assert "Bend to the low shelf" not in rough


def test_a_clinician_sees_the_own_day_in_order_with_now_between(therapist, other_therapist, patient, as_, home):
    mine, others = therapist.therapist, other_therapist.therapist
    for hour, name, status in ((14, "Karin", Status.ATTENDED), (21, "Petra", Status.BOOKED)):
        person = cast.patient_of(None, name, "Brandt", email=f"{name.lower()}@example.org")
        cast.appointment(therapist=mine, patient=person, starts_at=cast.at(f"2026-05-12 {hour}:00"), status=status)
    cast.appointment(therapist=others, patient=patient, starts_at=cast.at("2026-05-12 18:00"))
    html = html_of(as_, therapist)
    assert "Two visits today" in html
    assert html.index("Karin Brandt") < html.index("Now, 8:30") < html.index("Petra Brandt")
    assert "Rosa Meier" not in html
    assert "Before 14:00" in html


def test_a_day_is_the_local_day_on_both_sides_of_midnight(therapist, patient, other_patient):
    zone = dt.timezone(dt.timedelta(hours=-7))
    late = cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-13 06:30"))
    cast.appointment(therapist=therapist.therapist, patient=other_patient, starts_at=cast.at("2026-05-13 08:00"))
    assert day_of(therapist, dt.date(2026, 5, 12), zone) == [late]


def test_a_day_leaves_out_holds_and_cancelled_visits(therapist, patient, other_patient):
    zone = dt.timezone(dt.timedelta(hours=-7))
    for person, start, status in (
        (patient, "2026-05-12 17:00", CANCELLED),
        (other_patient, "2026-05-12 19:00", {"status": Status.NO_SHOW}),
    ):
        cast.appointment(therapist=therapist.therapist, patient=person, starts_at=cast.at(start), **status)
    cast.appointment(
        therapist=therapist.therapist,
        patient=None,
        starts_at=cast.at("2026-05-12 21:00"),
        status=Status.HELD,
        held_until=cast.at("2026-05-12 21:00"),
    )
    assert [visit.status for visit in day_of(therapist, dt.date(2026, 5, 12), zone)] == [Status.NO_SHOW]


@pytest.mark.parametrize("visits", [1, 3])
def test_a_clinicians_day_costs_the_same_for_one_and_for_three(therapist, as_, home, django_assert_num_queries, visits):
    for number in range(visits):
        person = cast.patient_of(None, f"Number{number}", "Patient", email=f"n{number}@example.org")
        cast.appointment(
            therapist=therapist.therapist, patient=person, starts_at=cast.at(f"2026-05-12 {17 + 2 * number}:00")
        )
    client = as_(therapist)
    with django_assert_num_queries(CLINICIAN_QUERIES):
        client.get(TODAY)


CLINICIAN_QUERIES = 6  # session, account, its roles, the day, the audit row, the practice


def test_reading_a_day_and_the_own_start_page_is_recorded(therapist, patient, front_desk, as_, home):
    as_(therapist).get(TODAY)
    as_(patient.user).get(TODAY)
    as_(front_desk).get(TODAY, follow=True)
    seen = AuditEvent.objects.filter(action="view").order_by("pk")
    assert list(seen.values_list("actor_id", "object_type", "patient_id")) == [
        (therapist.pk, "day", None),
        (patient.user.pk, "start page", patient.pk),
        (front_desk.pk, "calendar", None),
    ]


def test_what_apps_say_stands_beside_the_visit_and_in_the_head(therapist, patient, as_, home):
    visit = cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=cast.at("2026-05-12 18:00"))
    home.offered = {
        "marks": {visit.pk: [Mark("Session 8 of 12"), Mark("Sign note", url="/n/", icon="pen", tone="care")]},
        "badges": [
            Badge(20, "2 notes to sign", "/notes/", icon="pen"),
            Badge(10, "1 alert to look at", "/alerts/", tone="stop"),
        ],
    }
    html = html_of(as_, therapist)
    assert "Session 8 of 12" in html
    assert '<a class="badge badge-care" href="/n/">' in html
    assert '<a class="help" href="/alerts/">' in html
    assert [badge.order for badge in collect_badges(therapist)] == [10, 20]


def test_the_front_desk_and_the_manager_go_to_the_day_sheet(front_desk, manager, as_):
    for person in (front_desk, manager):
        answer = as_(person).get(TODAY)
        assert (answer.status_code, answer.url) == (302, reverse("practice:desk-day"))


def test_the_front_desk_is_never_asked_for_cards(front_desk, as_, monkeypatch):
    monkeypatch.setattr("practice.start.collect_cards", lambda user: pytest.fail("cards of the front desk"))
    as_(front_desk).get(TODAY)


def test_a_visitor_is_led_to_sign_in_and_an_account_without_role_finds_nothing(clinic, as_):
    assert as_(None).get(TODAY).status_code == 302
    assert as_(cast.user("Nobody Yet")).get(TODAY).status_code == 404


@pytest.mark.parametrize(("hour", "words"), [(0, "Good morning"), (12, "Good afternoon"), (18, "Good evening")])
def test_the_greeting_follows_the_clock(hour, words):
    assert greeting(dt.datetime(2026, 5, 12, hour, tzinfo=dt.UTC)) == words
