"""A note becomes like the last one while it is being signed: the page then asks whether that is meant."""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.urls import reverse

from sessions import notes
from sessions.models import ProgressNote
from tests import cast
from tests.sessions.conftest import attend, open_twelve, written
from tests.sessions.test_attendance_race import PATIENCE, somebody_waits_for_a_lock

PASSWORD = "correct horse battery"


def test_a_note_that_became_like_the_last_one_while_it_was_signed_gets_the_field_to_say_so(committed_db, as_):
    people = cast.everyone()
    open_twelve(people.patient, people.therapist)
    alike = {"did": " ".join(f"word{n}" for n in range(60))}
    without = {"homework": [], "homework_none": "A rest week, as agreed."}  # or the later note would have it to review
    earlier = written(attend(people.patient, people.therapist, 9), **alike, **without)
    note, client = written(attend(people.patient, people.therapist, 2), **alike), as_(people.therapist)
    address, sent = reverse("sessions:note-sign", args=[note.pk]), {"version": note.version, "proof": PASSWORD}

    def it_waits() -> bool:
        with connection.cursor() as cursor:  # a transaction looks at one picture of the activity unless told otherwise
            cursor.execute("SELECT pg_stat_clear_snapshot()")
        return somebody_waits_for_a_lock()

    def sign():
        try:
            return client.post(address, sent)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # the signature waits here, its form built; the earlier note is signed before it
            ProgressNote.objects.select_for_update().get(pk=note.pk)
            signing = pool.submit(sign)
            end = time.monotonic() + PATIENCE
            while not (waited := it_waits()) and not signing.done() and time.monotonic() < end:
                time.sleep(0.05)
            notes.sign(by=people.therapist, note=earlier, version=earlier.version)
        answer = signing.result(PATIENCE)
    page = answer.content.decode()
    assert (waited, answer.status_code, ProgressNote.objects.get(pk=note.pk).is_signed) == (True, 422, False)
    assert answer.context["form"].errors["similar"] == [
        "Nearly every word is that of last time. Say that it is meant so."
    ]
    assert ('name="similar"' in page, PASSWORD in page) == (True, False)
    assert client.post(address, {**sent, "similar": "on"}).status_code == 302
    assert ProgressNote.objects.get(pk=note.pk).is_signed
