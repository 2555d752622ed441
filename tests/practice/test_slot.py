"""The pages of free times and the directory: what they show, in which zone, and what they cost."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.models import Appointment, AppointmentType, Location, Room, TimeOff, WorkingHours
from tests import cast
from tests.practice.schedule import TUESDAY_NINE, confirmed, contact, frozen, held

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")
HOUR = timedelta(hours=1)
INES = {"slug": "ines-varga"}


@pytest.fixture
def browser(as_):
    return as_(None)


def times(answer) -> list[str]:
    return [time.clock for part in answer.context["picker"].parts for time in part.times]


def queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# -- What they show --------------------------------------------------------------------------------------
def test_a_day_shows_its_times_and_the_week_its_counts(clinic, therapist, browser):
    confirmed(clinic, therapist, TUESDAY_NINE, contact("a@example.org"))
    answer = browser.get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09")
    assert times(answer)[:2] == ["9:20 am", "9:40 am"]
    assert [(each.day.day, each.count) for each in answer.context["picker"].days] == [
        (8, 24), (9, 23), (10, 24), (11, 24), (12, 24),
    ]  # fmt: skip


def test_without_a_day_it_is_the_first_with_a_time(clinic, therapist, browser):
    TimeOff.objects.create(
        therapist=therapist.therapist, starts_at=TUESDAY_NINE - timedelta(days=9), ends_at=TUESDAY_NINE
    )
    assert browser.get(reverse("practice:slot-list", kwargs=INES)).context["picker"].chosen.isoformat() == "2027-03-09"


def ways_shown(browser, address: str) -> list[str]:
    """The words on the ways to meet beside the first time of the list."""
    row = browser.get(address).text.partition('<li class="row')[2].partition("</li>")[0]
    words = row.partition('<span class="soft small">')[2].partition("<button")[0]
    unseen = r'<span class="visually-hidden">[^<]*</span>'
    return re.sub(r"<[^>]+>", "", re.sub(unseen, "", words)).strip().replace(". Also: ", ", ").split(", ")


def test_any_way_names_all_ways_of_each_therapist_and_leads_to_them(clinic, therapist, browser):
    assert ways_shown(browser, "/times/?way=video") == ["Video"]
    assert ways_shown(browser, "/times/") == ["Video", "Phone", "In person"]
    assert ways_shown(browser, "/times/?way=phone") == ["Phone"]
    linked = re.findall(r'href="(/therapists/ines-varga/times/[^"]+)"', browser.get("/times/").text)
    for way in ("phone", "in_person"):
        address = next(each for each in linked if each.endswith(f"way={way}")).replace("&amp;", "&")
        assert browser.get(address).context["therapist"].way == way


def test_a_way_nobody_has_hours_for_is_not_named(clinic, therapist, browser):
    WorkingHours.objects.update(modalities=["phone"])
    assert ways_shown(browser, "/times/") == ["Phone"]


def test_a_full_day_says_so_and_shows_the_nearest_and_the_others(clinic, therapist, other_therapist, browser):
    TimeOff.objects.create(
        therapist=therapist.therapist, starts_at=TUESDAY_NINE, ends_at=TUESDAY_NINE + timedelta(hours=10)
    )
    answer = browser.get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09")
    page = answer.content.decode()
    strip = {each.day.day: (each.count, each.word) for each in answer.context["picker"].days}
    assert strip[9] == (0, "full")
    assert "Nothing is free on this day." in page
    assert [slot.starts_at for slot in answer.context["picker"].nearest] == [
        TUESDAY_NINE + timedelta(days=1, minutes=minutes) for minutes in (0, 20, 40)
    ]
    assert "Tomas Adeyemi" in page
    assert "(541) 555-0142" in page


def test_a_visit_in_person_goes_by_the_clinics_clock(clinic, therapist, browser):
    browser.post(reverse("practice:slot-zone"), {"zone": "Europe/Berlin", "next": "/times/"})
    answer = browser.get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09&way=in_person")
    assert times(answer)[0] == "9:00 am"
    assert "Times are Pacific" in answer.content.decode()


def test_a_video_visit_goes_by_the_readers_clock_with_the_clinics_beside_it(clinic, therapist, browser):
    browser.post(reverse("practice:slot-zone"), {"zone": "America/New_York", "next": "/times/"})
    answer = browser.get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09&way=video")
    assert times(answer)[0] == "12:00 pm"
    page = answer.content.decode()
    assert "Times are Eastern" in page
    assert "9:00 am Pacific" in page


def test_a_signed_in_patient_reads_the_own_zone(clinic, therapist, patient, as_):
    patient.time_zone = "America/Denver"
    patient.save()
    answer = as_(patient.user).get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09&way=phone")
    assert times(answer)[0] == "10:00 am"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "help-now", ""])
def test_choosing_a_zone_never_leads_away(browser, clinic, back):
    answer = browser.post(reverse("practice:slot-zone"), {"zone": "Europe/Berlin", "next": back})
    assert answer.url == "/times/"


def test_a_zone_nobody_knows_is_refused(browser, clinic):
    assert browser.post(reverse("practice:slot-zone"), {"zone": "Mars/Olympus"}).status_code == 422


def test_the_own_hold_is_not_taken_for_the_own_browser(clinic, therapist, browser, as_):
    wish = {"therapist": "ines-varga", "way": "video", "starts": TUESDAY_NINE.isoformat()}
    browser.post(reverse("practice:hold-create"), wish)
    address = reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09"
    assert times(browser.get(address))[0] == "9:00 am"
    assert times(as_(None).get(address))[0] == "9:20 am"


def test_an_htmx_request_gets_the_picker_alone(clinic, therapist, browser):
    answer = browser.get(reverse("practice:slot-list", kwargs=INES), headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith('<div id="picker"')
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("query", ["?day=2027-13-40", "?day=x&way=boat", "?day=1900-01-01", "?day=9999-12-31"])
def test_an_odd_query_is_not_an_error(clinic, therapist, browser, query):
    for name in ("practice:slot-list", "practice:slot-json"):
        assert browser.get(reverse(name, kwargs=INES) + query).status_code == 200


def test_a_therapist_who_is_not_listed_has_no_page(clinic, therapist, browser):
    type(therapist.therapist).objects.update(is_listed=False)
    for name in ("slot-list", "slot-json", "therapist-detail"):
        assert browser.get(reverse(f"practice:{name}", kwargs=INES)).status_code == 404


def test_a_therapist_without_hours_says_call(clinic, therapist, browser):
    WorkingHours.objects.all().delete()
    answer = browser.get(reverse("practice:slot-list", kwargs=INES))
    assert "has no times online" in answer.content.decode()


def test_slim_json_of_one_day(clinic, therapist, browser):
    held(clinic, therapist, TUESDAY_NINE)
    answer = browser.get(reverse("practice:slot-json", kwargs=INES) + "?day=2027-03-09").json()
    assert answer["times"][0] == "2027-03-09T09:20:00-08:00"
    assert (answer["day"], answer["zone"], answer["way"], len(answer["times"])) == (
        "2027-03-09", "America/Los_Angeles", "video", 23,
    )  # fmt: skip


def test_the_first_ten_of_all_therapists(clinic, therapist, other_therapist, browser):
    found = browser.get(reverse("practice:slot-first-json")).json()["times"]
    assert len(found) == 10
    assert [each[0] for each in found[:2]] == ["ines-varga", "tomas-adeyemi"]
    assert found[0][2] == "2027-03-01T17:00:00+00:00"
    page = browser.get(reverse("practice:slot-first")).content.decode()
    assert "Hold 9:00 am" in page
    assert "Monday, March 1" in page


def on_page(answer) -> list[tuple[str, str]]:
    return [(row.slot.starts_at.isoformat(), row.who.slug) for _day, rows in answer.context["days"] for row in rows]


def test_later_times_go_on_where_the_page_ended_and_leave_nobody_out(clinic, therapist, other_therapist, browser):
    address, seen = "/times/?day=2027-03-09", []
    for _page in range(3):
        answer = browser.get(address)
        seen += on_page(answer)
        address = "/times/" + re.search(r'href="(\?after=[^"]+)">Later times', answer.content.decode())[1]
    expected = [
        ((TUESDAY_NINE + timedelta(minutes=20 * number)).isoformat(), slug)
        for number in range(15)
        for slug in ("ines-varga", "tomas-adeyemi")
    ]
    assert seen == expected


def test_the_days_to_begin_at_lead_on_to_the_horizon(clinic, therapist, browser):
    strip = browser.get("/times/").context["strip"]
    assert [day.day for day in strip.days] == [1, 2, 3, 4, 5]
    assert strip.before is None
    ends = []
    while strip.after:
        answer = browser.get(f"/times/?day={strip.after}")
        strip = answer.context["strip"]
        assert strip.before
        ends.append(strip.after)
    assert len(ends) == 6
    assert ends[-1] is None


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=2027-03-09T17:00_ines-varga", "?day=1971-01-01", "?day=8999-01-01"]
)
def test_an_odd_place_to_begin_is_not_an_error(clinic, therapist, browser, query):
    assert browser.get("/times/" + query).status_code == 200


def test_after_the_last_time_it_says_how_to_go_on(clinic, therapist, browser):
    page = browser.get("/times/?day=2027-09-09").content.decode()
    assert "No free time online from then on" in page
    assert "See the first free times" in page


def test_one_slot_has_one_clock_on_every_page(clinic, therapist, other_therapist, browser):
    """Tomas works in Denver, by video; he is read by the practice's clock, and in person by Denver's, by name."""
    there = Location.objects.create(name="Aspen Street", zone="America/Denver", address="1 Aspen Street")
    Room.objects.create(location=there, name="Room 1")
    WorkingHours.objects.filter(therapist=therapist.therapist).delete()
    hours = WorkingHours.objects.filter(therapist=other_therapist.therapist)
    for ways, clock, zone in ((["video"], "8:00 am", "Pacific"), (["in_person"], "9:00 am", "Mountain")):
        hours.update(location=there, modalities=ways)
        for address in (
            "/",
            "/therapists/",
            "/therapists/tomas-adeyemi/",
            "/therapists/tomas-adeyemi/times/",
            "/times/",
        ):
            page = browser.get(address).content.decode()
            assert clock in page, (address, ways)
            assert zone in page, (address, ways)
            assert {"8:00 am": "7:00 am", "9:00 am": "8:00 am"}[clock] not in page


def test_the_choice_of_the_zone_stands_above_the_times(clinic, therapist, browser):
    for address, first in (("/times/", "Hold 9:00 am"), ("/therapists/ines-varga/times/", "9:00 am")):
        page = browser.get(address).content.decode()
        assert page.index("Where you are, it is") < page.index(first)


def test_a_day_without_hours_says_so_and_does_not_call_the_clinic_closed(clinic, therapist, browser):
    WorkingHours.objects.filter(weekday=2).delete()
    answer = browser.get(reverse("practice:slot-list", kwargs=INES) + "?day=2027-03-09")
    assert [each.word for each in answer.context["picker"].days] == ["", "", "no hours", "", ""]


def test_the_first_free_goes_on_to_later_windows(clinic, therapist, browser):
    off = TimeOff.objects.create(
        therapist=therapist.therapist, starts_at=TUESDAY_NINE - timedelta(days=9), ends_at=TUESDAY_NINE + 12 * HOUR
    )
    assert browser.get(reverse("practice:slot-first-json")).json()["times"][0][2] == "2027-03-10T17:00:00+00:00"
    off.ends_at += timedelta(days=60)
    off.save()
    assert browser.get(reverse("practice:slot-first-json")).json() == {"times": []}
    assert "No free time online" in browser.get(reverse("practice:slot-first")).content.decode()


# -- The directory ---------------------------------------------------------------------------------------
@pytest.fixture
def people(clinic, therapist, other_therapist, trainee):
    profile = therapist.therapist
    profile.conditions, profile.languages, profile.payers = ["Back pain"], ["en", "es"], ["Harbor Health"]
    profile.approaches = ["CBT"]
    profile.save()
    WorkingHours.objects.filter(therapist=trainee.therapist).update(modalities=["video"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Tomas Adeyemi", "Wren Halloran", "Ines Varga"]),
        ("?condition=Back+pain", ["Ines Varga"]),
        ("?language=es&payer=Harbor+Health&approach=CBT", ["Ines Varga"]),
        ("?way=phone", ["Tomas Adeyemi", "Ines Varga"]),
        ("?way=phone&way=video", ["Tomas Adeyemi", "Wren Halloran", "Ines Varga"]),
        ("?language=es&way=in_person", ["Ines Varga"]),
    ],
)
def test_filters_find_who_fits_in_neutral_order(people, browser, query, names):
    answer = browser.get(reverse("practice:therapist-list") + query)
    assert [row["therapist"].name for row in answer.context["rows"]] == names


def test_paying_oneself_is_a_way_to_pay_and_no_insurance_plan(people, therapist, browser):
    therapist.therapist.payers = ["Harbor Health", "Coastal Mutual", "Self-pay"]
    therapist.therapist.save()
    answer = browser.get(reverse("practice:therapist-list") + "?payer=Self-pay")
    page, form = answer.content.decode(), answer.context["form"]
    assert [row["therapist"].name for row in answer.context["rows"]] == ["Ines Varga"]
    assert [value for value, _label in form.fields["payer"].choices] == [
        "", "Self-pay", "Coastal Mutual", "Harbor Health",
    ]  # fmt: skip
    profile = browser.get(reverse("practice:therapist-detail", kwargs=INES)).content.decode()
    for html in (page, profile):
        assert "<dt>Payment</dt><dd>Self-pay, Harbor Health, Coastal Mutual</dd>" in html
        assert "Plans" not in html
        assert "Insurance plan" not in html


def test_nobody_says_what_to_do(people, browser):
    WorkingHours.objects.update(modalities=["video"])
    page = browser.get(reverse("practice:therapist-list") + "?way=in_person").content.decode()
    assert "Nobody fits all of this" in page
    assert "Show all therapists" in page


def test_each_shows_the_next_free_talk(people, clinic, therapist, browser):
    TimeOff.objects.create(
        therapist=therapist.therapist, starts_at=TUESDAY_NINE - timedelta(days=9), ends_at=TUESDAY_NINE + 12 * HOUR
    )
    rows = browser.get(reverse("practice:therapist-list")).context["rows"]
    assert [row["next"].isoformat() for row in rows] == [
        "2027-03-01T17:00:00+00:00", "2027-03-01T17:00:00+00:00", "2027-03-10T17:00:00+00:00",
    ]  # fmt: skip


def test_the_profile_shows_who_it_is(people, browser):
    page = browser.get(reverse("practice:therapist-detail", kwargs=INES)).content.decode()
    for words in ("Ines Varga", "PsyD", "Back pain", "Spanish", "Harbor Health", "Monday, March 1"):
        assert words in page


# -- What they cost --------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/therapists/ines-varga/times.json?day=2027-03-09", 2),
        ("/therapists/ines-varga/times.json?day=2027-03-09&way=in_person", 2),
        ("/therapists/ines-varga/times/?day=2027-03-09", 3),  # one is the practice's name and telephone
        ("/times.json", 2),
        ("/times/", 3),
        ("/times/?day=2027-03-10", 3),
        ("/times/?after=2027-03-10T17:00Z_ines-varga", 3),
        ("/therapists/", 4),
        ("/therapists/ines-varga/", 4),
    ],
)
def test_queries_do_not_grow(clinic, browser, number, address, most):
    staff = [cast.PEOPLE[name]() for name in ("therapist", "other_therapist", "trainee")[:number]]
    for row in range(number):
        who = cast.patient_of(None, f"Patient {row}", "Person")
        for therapist in staff:
            cast.appointment(
                therapist=therapist.therapist, patient=cast.patient_of(None, "P", f"{row}"),
                starts_at=TUESDAY_NINE + row * HOUR,
            )  # fmt: skip
        assert who.pk
    assert queries(browser, address) == most


def test_the_list_of_own_appointments_costs_the_same_for_one_and_three(clinic, therapist, patient, as_):
    client = as_(patient.user)
    counted = []
    for number in range(3):
        cast.appointment(
            therapist=therapist.therapist, patient=patient, starts_at=TUESDAY_NINE + number * timedelta(days=1)
        )
        counted.append(queries(client, "/appointments/"))
    assert counted == [counted[0]] * 3


def test_own_appointments_come_next_first(clinic, therapist, patient, other_patient, as_, frozen):
    for days in (2, 0, 1):
        cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=TUESDAY_NINE + timedelta(days=days))
    cast.appointment(therapist=therapist.therapist, patient=other_patient, starts_at=TUESDAY_NINE + 5 * HOUR)
    frozen.move_to(TUESDAY_NINE + timedelta(hours=12))
    answer = as_(patient.user).get("/appointments/")
    assert [row.starts_at.day for row, _may in answer.context["coming"]] == [10, 11]
    assert [row.starts_at.day for row in answer.context["past"]] == [9]


def test_the_type_rules_the_lead_time_and_the_horizon(clinic, therapist, browser):
    AppointmentType.objects.update(lead_time=timedelta(days=2), horizon=timedelta(days=3))
    found = browser.get(reverse("practice:slot-first-json")).json()["times"]
    assert found[0][2] == "2027-03-03T17:00:00+00:00"
    address = reverse("practice:slot-json", kwargs=INES)
    assert browser.get(f"{address}?day=2027-03-04").json()["times"] == []
    assert Appointment.objects.count() == 0
