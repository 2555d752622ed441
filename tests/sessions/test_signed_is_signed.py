"""What is signed refuses UPDATE, DELETE and TRUNCATE by every road (architecture.md 8)."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from sessions import notes
from sessions.models import (
    Addendum,
    CourseMove,
    HomeworkLine,
    HomeworkReview,
    NoteIntervention,
    ProgressNote,
    TherapySession,
)
from tests.sessions.conftest import attend, signed, written


@pytest.fixture
def two_signed(course, therapist):
    signed(attend(course.patient, therapist, 9))
    note = signed(attend(course.patient, therapist, 2))
    notes.add_addendum(by=therapist, note=note, reason="other", text="Also said")
    return note


LOCKED = (ProgressNote, TherapySession, HomeworkLine, HomeworkReview, NoteIntervention, Addendum, CourseMove)
COLUMN = {
    ProgressNote: "version",
    TherapySession: "number",
    HomeworkLine: "position",
    HomeworkReview: "note_id",
    NoteIntervention: "minutes",
    Addendum: "note_id",
    CourseMove: "course_id",
}


def refused(act) -> bool:
    try:
        with transaction.atomic():
            act()
    except DatabaseError:
        return True
    return False


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("model", LOCKED, ids=lambda model: model.__name__)
def test_every_road_to_a_change_is_refused(model, two_signed):
    row = model.objects.latest("pk")
    table, column = model._meta.db_table, COLUMN[model]
    before = list(model.objects.order_by("pk").values())
    roads = {
        "save": row.save,
        "delete": row.delete,
        "bulk update": lambda: model.objects.filter(pk=row.pk).update(**{column: 7}),
        "bulk_update": lambda: model.objects.bulk_update([row], [column.removesuffix("_id")]),
        "raw delete": lambda: model.objects.all()._raw_delete(model.objects.db),
        "raw update": lambda: run(f"UPDATE {table} SET {column} = 7"),
        "raw sql delete": lambda: run(f"DELETE FROM {table}"),
        "truncate": lambda: run(f"TRUNCATE {table} CASCADE"),
    }
    assert [road for road, act in roads.items() if not refused(act)] == []
    assert list(model.objects.order_by("pk").values()) == before


def test_the_token_of_an_addendum_is_never_changed(two_signed):
    assert refused(lambda: Addendum.objects.update(token=uuid.uuid4()))


def test_deleting_what_the_note_hangs_on_is_refused(two_signed):
    for row in (two_signed.patient, two_signed.appointment, two_signed.session.course, two_signed.author):
        with pytest.raises((DatabaseError, Exception)), transaction.atomic():
            row.delete()
    for table in ("practice_patient", "practice_appointment", "practice_user", "therapy_sessions_course"):
        assert refused(lambda table=table: run(f"TRUNCATE {table} CASCADE"))
    assert ProgressNote.objects.filter(pk=two_signed.pk).exists()


def test_nothing_joins_a_signed_note(two_signed):
    assert refused(lambda: NoteIntervention.objects.create(note=two_signed, code="MOT-INTERVIEW"))
    assert refused(
        lambda: HomeworkLine.objects.create(note=two_signed, patient=two_signed.patient, position=9, text="More")
    )


def test_an_addendum_to_a_draft_is_refused_by_the_database(session, therapist):
    note = written(session)
    assert refused(
        lambda: Addendum.objects.create(note=note, author=therapist, reason="other", text="x", sha256="0" * 64)
    )


def test_a_signature_is_whole_or_not_there(session):
    note = written(session)
    assert refused(lambda: ProgressNote.objects.filter(pk=note.pk).update(state="signed"))
    assert refused(lambda: ProgressNote.objects.filter(pk=note.pk).update(sha256="0" * 64))


def test_a_draft_may_still_change(session):
    note = written(session)
    assert ProgressNote.objects.filter(pk=note.pk).update(version=40) == 1
