"""The front desk works a day in a real browser: sees the week, books, moves, marks who came, cancels; by keys too."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from practice.models import Appointment, Status
from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight

pytestmark = pytest.mark.browser
PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def desk(served):
    """The cast, a visit that has begun for Rosa and one to come for Leon, and the front desk's account."""
    people = cast.everyone()
    now = timezone.now()
    ines, tomas = people.therapist.therapist, people.other_therapist.therapist
    cast.appointment(therapist=ines, patient=people.patient, starts_at=now - timedelta(minutes=5))
    cast.appointment(therapist=tomas, patient=people.other_patient, starts_at=next_working_day(9))
    return people


def next_working_day(hour: int):
    """That local hour on a working day at least two days from now."""
    today = timezone.now().astimezone(PACIFIC).replace(hour=hour, minute=0, second=0, microsecond=0)
    moment = today + timedelta(days=2)
    while moment.weekday() > 4:
        moment += timedelta(days=1)
    return moment


def open_sheet(page: Page, appointment: Appointment) -> None:
    day = appointment.starts_at.astimezone(PACIFIC).date()
    page.goto(f"{reverse('practice:desk-week')}?day={day}&weekend=1&open={appointment.pk}")


def test_a_visit_is_marked_arrived_and_attended_and_the_mark_undone(desk, page_for):
    page, row = page_for(desk.front_desk), Appointment.objects.get(patient=desk.patient)
    open_sheet(page, row)
    page.get_by_role("button", name="Mark arrived").click()
    expect(page.locator("aside .badge")).to_have_text("Arrived")
    page.get_by_role("button", name="Mark attended").click()
    expect(page.locator("aside .badge")).to_have_text("Attended")
    page.locator("aside").get_by_role("button", name="Undo").click()
    expect(page.locator("aside .badge")).to_have_text("Arrived")
    row.refresh_from_db()
    assert row.status == Status.ARRIVED


def test_a_visit_is_booked_by_keys_alone_and_then_moved(desk, page_for):
    page, day = page_for(desk.front_desk), next_working_day(9).date()
    page.goto(f"{reverse('practice:appointment-create')}?day={day}")
    page.get_by_label("Name, e-mail or telephone").focus()
    page.keyboard.type("rosa")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Book for Rosa Meier").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Date").fill(day.isoformat())
    page.get_by_label("How").select_option("video")
    page.get_by_role("button", name="Show times").press("Enter")
    page.get_by_role("radio", name="10:00").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("aside h2")).to_have_text("Rosa Meier")
    booked = Appointment.objects.get(patient=desk.patient, status=Status.BOOKED, starts_at__gt=timezone.now())
    assert booked.starts_at.astimezone(PACIFIC).hour == 10
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_label("Another time").fill("15:00")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("aside .soft").first).to_contain_text("15:00")
    booked.refresh_from_db()
    assert (booked.starts_at.astimezone(PACIFIC).hour, booked.revision) == (15, 1)


def test_a_visit_is_cancelled_with_a_question_first(desk, page_for):
    page, row = page_for(desk.front_desk, javascript=False), Appointment.objects.get(patient=desk.other_patient)
    open_sheet(page, row)
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.locator("h1")).to_have_text("Cancel this visit?")
    page.get_by_text("The patient", exact=True).click()
    page.get_by_role("button", name="Cancel the visit").click()
    row.refresh_from_db()
    assert row.status == Status.CANCELLED_EARLY


def test_the_desk_with_a_visit_open_is_accessible_and_light(desk, page_for):
    row = Appointment.objects.get(patient=desk.patient)
    page = page_for(desk.front_desk)
    for name, more in (
        ("desk-week", f"?open={row.pk}"),
        ("desk-day", f"?open={row.pk}"),
        ("appointment-create", f"?patient={desk.patient.pk}"),
    ):
        assert wire_weight(page, reverse(f"practice:{name}") + more) < FIRST_VISIT
        assert_accessible(page)
