"""Failed messages, the status page and the demo's outbox in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from practice import heartbeat
from practice.models import Message
from practice.models.message import Channel
from tests import cast
from tests.browser import assert_accessible
from tests.practice.messaging import booked, consent, send

pytestmark = pytest.mark.browser


@pytest.fixture
def failures(committed_db, django_db_blocker):
    """Two visits, one confirmed by mail, one whose confirmation and reminder failed."""
    with django_db_blocker.unblock():
        people = cast.everyone()
        patient = people.patient
        patient.phone, patient.do_not_contact = "+15415550100", "work, and not before ten"
        patient.save()
        consent(patient, "EMAIL")
        booked(people.therapist, patient, starts_at=timezone.now() + timedelta(days=4))
        send()
        booked(people.therapist, patient, starts_at=timezone.now() + timedelta(days=5))
        Message.objects.filter(kind="appointment_booked", state="planned").update(
            state="failed", reason="address refused (550)", attempts=1
        )
        late = Message.objects.filter(kind="reminder_late", channel=Channel.EMAIL)[:1].get()
        late.state, late.reason, late.attempts = "failed", "mail server said 451", 12
        late.save()
        yield people


def test_the_front_desk_sends_again_and_settles_by_keys(failures, page_for):
    page = page_for(failures.front_desk)
    page.goto(reverse("practice:message-list"))
    assert page.locator("h2").count() == 2
    assert_accessible(page)
    page.get_by_role("button", name="Send again").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("The message goes out again within a few seconds.").wait_for()
    assert page.locator("main h2").count() == 1
    page.get_by_role("button", name="The person knows").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Nothing failed").wait_for()
    assert_accessible(page)


def test_the_status_page_is_read_in_grey_and_by_ear(failures, page_for):
    for name in heartbeat.NAMES:
        heartbeat.beat(name, timezone.now() - timedelta(minutes=3 if name == heartbeat.WORKER else 0))
    page = page_for(failures.manager)
    page.goto(reverse("practice:status"))
    assert_accessible(page)
    row = page.get_by_role("row").filter(has_text="Sender (worker)")
    assert "Stands still" in row.inner_text()


def test_the_demo_outbox_is_read_by_anybody(failures, page_for):
    page = page_for(None)
    page.goto(reverse("practice:demo-outbox"))
    assert_accessible(page)
    page.get_by_role("link", name="Your appointment").click()
    page.get_by_role("article").get_by_text("In an emergency call 911.").wait_for()
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Calendar file").click()
    assert download.value.suggested_filename == "appointment.ics"
