"""Attendance is marked while a course is being opened: with real connections, the session ends up in the course."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from practice import attending
from sessions import courses
from sessions.models import TherapySession
from tests import cast
from tests.sessions.conftest import consent_to_all, visit

PATIENCE = 30  # seconds


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
        )
        return cursor.fetchone() is not None


def test_a_session_marked_while_the_course_opens_becomes_its_first(committed_db):
    people = cast.everyone()
    patient, therapist = people.patient, people.therapist
    consent_to_all(patient)
    row = visit(patient, therapist, 1)
    is_open, may_commit = threading.Event(), threading.Event()

    def open_slowly():
        try:
            with transaction.atomic():
                courses.open_course(by=therapist, patient=patient, therapist=therapist.therapist, template="12")
                is_open.set()
                assert may_commit.wait(PATIENCE)
        finally:
            connection.close()

    def mark():
        try:
            attending.mark_attended(by=therapist, appointment=row)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        opening = pool.submit(open_slowly)
        assert is_open.wait(PATIENCE)
        marking = pool.submit(mark)
        end = time.monotonic() + PATIENCE
        while not (waited := somebody_waits_for_a_lock()) and not marking.done() and time.monotonic() < end:
            time.sleep(0.05)
        may_commit.set()
        opening.result(PATIENCE)
        marking.result(PATIENCE)
    assert waited
    session = TherapySession.objects.get(appointment=row)
    assert (session.course_id, session.number) == (patient.courses.get().pk, 1)
