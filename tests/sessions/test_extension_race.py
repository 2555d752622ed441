"""A session entered late moves a note past the plan while it is signed: the page then asks why the course goes on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.urls import reverse

from practice import attending
from sessions.models import Course, ProgressNote
from tests import cast
from tests.sessions.conftest import attend, open_twelve, signed, visit, written
from tests.sessions.test_attendance_race import PATIENCE, somebody_waits_for_a_lock

PASSWORD = "correct horse battery"
WHY = "Two goals are near; four more sessions."


def test_a_note_that_moved_past_the_plan_while_it_was_signed_gets_the_field_to_say_why(committed_db, as_):
    people = cast.everyone()
    patient, therapist = people.patient, people.therapist
    course, alike = open_twelve(patient, therapist, template="10"), {"did": " ".join(f"word{n}" for n in range(60))}
    made = [attend(patient, therapist, 120 - 7 * place) for place in range(10)]
    signed(made[8], **alike)
    note, late, client = written(made[9], **alike), visit(patient, therapist, 118), as_(therapist)
    address, sent = reverse("sessions:note-sign", args=[note.pk]), {"version": note.version, "similar": "on"}
    has_moved, may_commit = threading.Event(), threading.Event()

    def enter_late():
        try:
            with transaction.atomic():
                attending.mark_attended(by=therapist, appointment=late)
                has_moved.set()
                assert may_commit.wait(PATIENCE)
        finally:
            connection.close()

    def sign():
        try:
            return client.post(address, {**sent, "proof": PASSWORD})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        entering = pool.submit(enter_late)
        assert has_moved.wait(PATIENCE)
        signing = pool.submit(sign)
        end = time.monotonic() + PATIENCE
        while not (waited := somebody_waits_for_a_lock()) and not signing.done() and time.monotonic() < end:
            time.sleep(0.05)
        may_commit.set()
        entering.result(PATIENCE)
        answer = signing.result(PATIENCE)
    page, form = answer.content.decode(), answer.context["form"]
    assert (waited, answer.status_code, ProgressNote.objects.get(pk=note.pk).is_signed) == (True, 409, False)
    assert form.errors == {
        "extension_reason": ["Say why the course goes on."],
        "__all__": ["The session lies past the planned ones by now."],
    }
    assert ('name="extension_reason"' in page, form["similar"].value(), PASSWORD in page) == (True, True, False)
    answer = client.post(address, {**sent, "proof": PASSWORD, "extension_reason": WHY})
    assert answer.headers["Location"] == reverse("sessions:note-detail", args=[note.pk])
    assert Course.objects.get(pk=course.pk).extension_reason == WHY
