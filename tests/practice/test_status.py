"""How the machinery says how it is: to a proxy, to an alarm, to people; and what the front desk does with failures."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as live_settings
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from practice import audit, clocks, heartbeat, outbox_folder, resending, status
from practice.letter import Letter
from practice.models import AuditEvent, AuditSeal, Message
from practice.outbox import NotWanted
from practice.status import Light
from tests.practice.messaging import booked, cancelled, consent, letters, moved, send

ALL_WELL = {
    name: Light.GREEN
    for name in ("tidied", "oldest_due", "struggling", "failed", "unsealed", "clock_difference", "responders")
}


@pytest.fixture
def beating(db):
    for name in heartbeat.NAMES:
        heartbeat.beat(name)


def lights() -> dict[str, Light]:
    return {part.key: part.light for part in status.look()}


def failed(therapist, patient, *, hours: int = 30, kind: str = "appointment_booked") -> Message:
    booked(therapist, patient, starts_at=timezone.now() + timedelta(hours=hours))
    message = Message.objects.filter(kind=kind).latest("created_at")
    message.state, message.reason, message.attempts = "failed", "address refused (550)", 1
    message.save()
    return message


# -- For a proxy and an alarm -----------------------------------------------------------------------------------------
def test_healthz_asks_nobody(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_readyz_asks_the_database_and_nothing_else(db, settings):
    settings.CELERY_BROKER_URL = settings.REDIS_URL = "redis://127.0.0.1:1"
    assert Client().get("/readyz").status_code == 200


def test_readyz_says_when_a_migration_is_missing(db):
    MigrationRecorder(connection).record_unapplied("practice", "0001_initial")
    response = Client().get("/readyz")
    assert (response.status_code, response.content) == (503, b"1 migrations missing\n")


@pytest.mark.parametrize("path", ["/readyz", "/statusz"])
def test_a_database_that_is_away_is_said_plainly(db, monkeypatch, path):
    def away(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", away)
    monkeypatch.setattr(clocks, "difference", away)
    response = Client().get(path)
    assert response.status_code == 503
    assert b"does not answer" in response.content


def test_statusz_is_green_when_everything_beats(beating):
    response = Client().get("/statusz")
    body = response.json()
    assert response.status_code == 200
    assert body["light"] == "green"
    assert set(body) == {"light", "database", *heartbeat.NAMES, *ALL_WELL}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", heartbeat.NAMES)
def test_statusz_is_red_when_one_heart_has_stopped(beating, name):
    heartbeat.beat(name, timezone.now() - timedelta(seconds=61))
    response = Client().get("/statusz")
    assert (response.status_code, response.json()[name]["light"]) == (503, "red")
    assert lights() == ALL_WELL | {part: Light.GREEN for part in heartbeat.NAMES} | {name: Light.RED}


def test_a_heart_that_never_beat_is_red(db):
    assert lights()["worker"] == Light.RED


def test_a_message_overdue_for_two_minutes_is_red_and_one_that_waits_for_morning_is_not(therapist, patient, beating):
    booked(therapist, patient)
    waiting = Message.objects.filter(kind="appointment_booked")
    assert lights()["oldest_due"] == Light.GREEN
    waiting.update(due_at=timezone.now() - timedelta(seconds=121))
    assert lights()["oldest_due"] == Light.RED
    waiting.update(reason="outside the hours")
    assert lights()["oldest_due"] == Light.GREEN


def test_a_message_that_waits_for_a_mail_server_that_is_down_is_overdue(therapist, patient, beating):
    booked(therapist, patient)
    Message.objects.filter(kind="appointment_booked").update(
        due_at=timezone.now() - timedelta(minutes=5), next_attempt_at=timezone.now() + timedelta(seconds=4)
    )
    assert lights()["oldest_due"] == Light.RED


def test_failures_wait_for_a_person_and_turn_red_after_a_day(therapist, patient, beating):
    message = failed(therapist, patient)
    assert lights()["failed"] == Light.AMBER
    assert Client().get("/statusz").status_code == 200
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(hours=25))
    assert lights()["failed"] == Light.RED


def test_an_audit_event_unsealed_for_a_minute_is_red_and_a_sealed_one_is_not(front_desk, beating, monkeypatch):
    event = audit.record(by=front_desk, action=audit.Action.VIEW, obj="week")
    event.refresh_from_db()
    monkeypatch.setattr(status, "UNSEALED_AFTER", timedelta(seconds=-1))
    assert lights()["unsealed"] == Light.RED
    AuditSeal.objects.create(
        from_xact=0, until_xact=event.xact + 1, events=1, total_events=1, previous=b"", digest=b"d"
    )
    assert lights()["unsealed"] == Light.GREEN
    assert AuditEvent.objects.count() == 1


def test_clocks_apart_are_red(beating, monkeypatch):
    monkeypatch.setattr(clocks, "difference", lambda: timedelta(seconds=-61))
    assert lights()["clock_difference"] == Light.RED


def test_statusz_says_nothing_about_anybody(therapist, patient, beating):
    failed(therapist, patient)
    body = Client().get("/statusz").content.decode()
    for word in (patient.last_name, patient.email, "appointment", "550"):
        assert word not in body


def test_the_status_page_says_it_in_words(manager, as_, beating):
    page = as_(manager).get(reverse("practice:status"))
    assert "Everything runs. Messages leave when they are due." in page.content.decode()
    heartbeat.beat("worker", timezone.now() - timedelta(minutes=5))
    page = as_(manager).get(reverse("practice:status"))
    assert "Stands still" in page.content.decode()


# -- For the front desk -----------------------------------------------------------------------------------------------
def test_a_failed_message_is_a_task_with_the_number_to_call(therapist, patient, front_desk, as_):
    patient.phone = "+15415550100"
    patient.save()
    failed(therapist, patient)
    page = as_(front_desk).get(reverse("practice:message-list")).content.decode()
    for words in ("Rosa Meier", "Confirmation", "The address was refused (550)", "(541) 555-0100", "Send again"):
        assert words in page


def test_reading_the_list_is_one_row_of_the_audit_trail(therapist, patient, front_desk, as_):
    failed(therapist, patient)
    as_(front_desk).get(reverse("practice:message-list"))
    seen = AuditEvent.objects.get(action="view")
    assert (seen.actor_id, seen.object_type, seen.detail) == (front_desk.pk, "message list", {"page": 1})


def test_the_list_costs_the_same_queries_for_one_and_for_three(
    therapist, patient, front_desk, as_, django_assert_num_queries
):
    client = as_(front_desk)
    url = reverse("practice:message-list")
    failed(therapist, patient)
    client.get(url)
    with django_assert_num_queries(QUERIES_OF_LIST):
        client.get(url)
    failed(therapist, patient, hours=40)
    failed(therapist, patient, hours=50)
    with django_assert_num_queries(QUERIES_OF_LIST):
        client.get(url)


QUERIES_OF_LIST = 8  # session, user, roles, practice, badges or count, messages, the audit row, appointments


def test_sending_again_is_a_new_row_with_the_next_copy_and_closes_the_failed_one(therapist, patient, front_desk, as_):
    consent(patient, "EMAIL")
    message = failed(therapist, patient)
    response = as_(front_desk).post(reverse("practice:message-resend", args=[message.pk]))
    assert response.status_code == 302
    again = Message.objects.get(kind=message.kind, copy=1)
    assert (again.state, again.about_id, again.revision) == ("planned", message.about_id, message.revision)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("withdrawn", "sent again")
    event = AuditEvent.objects.filter(action="message").get()
    assert (event.actor_id, event.object_id, event.patient_id) == (front_desk.pk, str(again.pk), patient.pk)
    send()
    assert [letter.key for letter in letters()] == [again.pk]


def test_sending_again_twice_sends_once(therapist, patient, front_desk, as_):
    message = failed(therapist, patient)
    url = reverse("practice:message-resend", args=[message.pk])
    assert as_(front_desk).post(url).status_code == 302
    again = as_(front_desk).post(url)
    assert again.status_code == 409
    assert "Somebody has dealt with this message already." in again.content.decode()
    assert Message.objects.filter(kind=message.kind).count() == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: moved(a, timedelta(hours=2)), "the visit has changed since"),
        (cancelled, "the visit has changed since"),
    ],
)
def test_what_is_not_wanted_any_more_is_not_sent_again(therapist, patient, front_desk, as_, change, reason):
    message = failed(therapist, patient)
    change(patient.appointments.get())
    response = as_(front_desk).post(reverse("practice:message-resend", args=[message.pk]))
    assert response.status_code == 409
    assert f"It was not sent again: {reason}." in response.content.decode()
    message.refresh_from_db()
    assert message.state == "failed"


def test_words_for_one_time_are_not_sent_again(manager, front_desk, as_):
    message = Message.objects.create(
        kind="sign_in_code",
        channel="email",
        user=manager,
        about_type="practice.user",
        about_id=manager.pk,
        due_at=timezone.now(),
        next_attempt_at=timezone.now(),
        state="failed",
    )
    assert "Send again" not in as_(front_desk).get(reverse("practice:message-list")).content.decode()
    with pytest.raises(NotWanted):
        resending.resend(by=front_desk, message=message)


def test_a_settled_message_leaves_the_list(therapist, patient, front_desk, as_):
    message = failed(therapist, patient)
    url = reverse("practice:message-settle", args=[message.pk])
    assert as_(front_desk).post(url).status_code == 302
    message.refresh_from_db()
    assert (message.state, message.reason) == ("withdrawn", "settled by telephone")
    assert as_(front_desk).post(url).status_code == 409
    assert "Nothing failed" in as_(front_desk).get(reverse("practice:message-list")).content.decode()


@pytest.mark.parametrize("name", ["message-resend", "message-settle"])
def test_reading_a_task_changes_nothing(therapist, patient, front_desk, as_, name):
    message = failed(therapist, patient)
    assert as_(front_desk).get(reverse(f"practice:{name}", args=[message.pk])).status_code == 405


# -- The demo's outbox ------------------------------------------------------------------------------------------------
@pytest.fixture
def delivered() -> Letter:
    letter = Letter(
        key=uuid.uuid4(),
        kind="appointment_booked",
        channel="email",
        sender="Tern Bay",
        to="rosa@example.org",
        subject="Your appointment",
        text="Tuesday\n<b>10:20 AM</b>\n",
        calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        method="REQUEST",
    )
    outbox_folder.deliver(letter)
    return letter


def test_a_visitor_of_the_demo_reads_every_message_and_takes_its_calendar_file(db, delivered):
    client = Client()
    listed = client.get(reverse("practice:demo-outbox")).content.decode()
    assert "Your appointment" in listed
    opened = client.get(reverse("practice:demo-letter", args=[delivered.key])).content.decode()
    assert "&lt;b&gt;10:20 AM&lt;/b&gt;" in opened
    file = client.get(reverse("practice:demo-calendar", args=[delivered.key]))
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8; method=REQUEST"
    assert file.content == delivered.calendar
    assert client.get(reverse("practice:demo-letter", args=[uuid.uuid4()])).status_code == 404


def test_the_outbox_says_for_whom_a_message_is_and_of_which_visit_in_times_with_a_name(clinic, patient, therapist):
    consent(patient, "EMAIL")
    visit = booked(therapist, patient)
    send()
    page = Client().get(reverse("practice:demo-outbox")).text
    starts = visit.starts_at.astimezone(ZoneInfo(visit.zone))
    time = f"{starts:%I:%M %p}".lstrip("0").lower()
    day = f"{starts:%a}, {starts:%b} {starts.day}"
    assert f'For <bdi>Rosa</bdi>: the visit on {day}, <span class="nowrap">{time}</span> Pacific' in page
    assert "Times of sending are Pacific" in page
    assert "UTC" not in page


def test_the_outbox_is_read_page_by_page_at_the_same_cost(db, delivered):
    client, address = Client(), reverse("practice:demo-outbox")
    client.get(address)
    costs = []
    for more in (1, 20):
        for _ in range(more):
            outbox_folder.deliver(replace(delivered, key=uuid.uuid4()))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(address).text
        costs.append(len(captured))
    assert (page.count("rosa@example.org"), costs[0]) == (12, costs[1])
    assert client.get(address + "?page=2").text.count("rosa@example.org") == 10


def test_the_outbox_is_not_there_outside_the_demo_setting(db, delivered, settings):
    settings.DEMO = False
    for name, args in (("demo-outbox", []), ("demo-letter", [delivered.key]), ("demo-calendar", [delivered.key])):
        assert Client().get(reverse(f"practice:{name}", args=args)).status_code == 404


def test_a_production_process_knows_no_address_of_the_outbox():
    program = (
        "import django; django.setup()\n"
        "from django.urls import get_resolver\n"
        "names = [str(p.name) for r in get_resolver().url_patterns for p in getattr(r, 'url_patterns', [r])]\n"
        "assert 'healthz' in names\n"
        "print([name for name in names if name.startswith('demo-')])\n"
    )
    env = {key: value for key, value in os.environ.items() if key != "EVENKEEL_DEMO"} | {
        "DJANGO_SETTINGS_MODULE": "practice.settings",
        "DATABASE_URL": "postgres://nobody@localhost/none",
        "REDIS_URL": "redis://localhost/0",
        "SECRET_KEY": "a-secret-of-a-production-process-in-a-test-" + "x" * 20,
        "ALLOWED_HOSTS": "care.example.org",
        "PUBLIC_URL": "https://care.example.org",
        "EMAIL_URL": "smtp://localhost:25",
        "DEFAULT_FROM_EMAIL": "no-reply@example.org",
        "NOTES_KEYS": "k" * 60,
        "MESSAGE_KEYS": "m" * 60,
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=live_settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
