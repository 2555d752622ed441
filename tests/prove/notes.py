"""The part of the record's proof that is about notes: signed is signed, numbers are given once, no window loses a text.

Runs in the process of tests/prove/record.py that has Django and a database of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from datetime import timedelta

from tests.limits import limit_process

Say = Callable[[str], None]
TIMEOUT = 120.0
WINDOWS = 8


def prove_notes(say: Say, sessions: int) -> bool:
    """Every part in turn over a small clinic; ``sessions`` is how many are attended at the same moment."""
    people = clinic()
    parts = [
        numbers_under_load(say, people, sessions),
        windows_lose_nothing(say, people),
        one_signature(say, people),
        every_road_is_refused(say),
        an_edited_note_is_found(say),
    ]
    return all(parts)


def clinic():
    from tests import cast  # noqa: PLC0415  (Django is set up by this process)
    from tests.sessions.conftest import open_twelve  # noqa: PLC0415

    people = cast.everyone()
    open_twelve(people.patient, people.therapist)
    return people


def at_once(target, count: int, *arguments) -> list:
    """Run ``target(number, *arguments)`` in ``count`` processes released by one barrier; their answers."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    forked = multiprocessing.get_context("fork")
    barrier, answers = forked.Barrier(count), forked.Queue()

    def run(number: int) -> None:
        limit_process(2 * TIMEOUT)
        try:
            barrier.wait(TIMEOUT)
            answers.put(target(number, *arguments))
        except Exception as error:
            answers.put(f"{type(error).__name__}: {error}")

    crowd = [forked.Process(target=run, args=(number,), daemon=True) for number in range(count)]
    for process in crowd:
        process.start()
    found = [answers.get(timeout=TIMEOUT) for _process in crowd]
    for process in crowd:
        process.join(TIMEOUT)
    return found


# -- Numbers ---------------------------------------------------------------------------------------------------------
def mark(number: int, appointments: list[int], account: int) -> str:
    from practice import attending  # noqa: PLC0415
    from practice.models import Appointment, User  # noqa: PLC0415

    row = Appointment.objects.get(pk=appointments[number])
    attending.mark_attended(by=User.objects.get(pk=account), appointment=row)
    return "marked"


def numbers_under_load(say: Say, people, sessions: int) -> bool:
    """Visits of one course marked at the same moment get the numbers 1 to n in the order of their times."""
    from sessions.models import TherapySession  # noqa: PLC0415
    from tests.sessions.conftest import visit  # noqa: PLC0415

    rows = [visit(people.patient, people.therapist, 7 * (sessions - place)) for place in range(sessions)]
    began = time.monotonic()
    answers = at_once(mark, sessions, [row.pk for row in rows], people.therapist.pk)
    took = time.monotonic() - began
    numbers = list(TherapySession.objects.order_by("starts_at").values_list("number", flat=True))
    held = numbers == list(range(1, sessions + 1)) and answers == ["marked"] * sessions
    say(
        f"{sessions} processes mark {sessions} visits of one course at once in {took:.2f} s: numbers {numbers}, "
        f"refused {sessions - answers.count('marked')}: {'as it must be' if held else answers}"
    )
    return held


# -- Windows ---------------------------------------------------------------------------------------------------------
def type_in(number: int, note: int) -> str:
    from sessions import drafts  # noqa: PLC0415
    from sessions.models import ProgressNote  # noqa: PLC0415

    row = ProgressNote.objects.select_related("author").get(pk=note)
    text = f"What window {number} holds"
    try:
        drafts.save_draft(by=row.author, note=row, content={"did": text}, version=0, window=f"window-{number}")
    except drafts.StaleVersion:
        return "kept beside"
    return "saved"


def windows_lose_nothing(say: Say, people) -> bool:
    """As many windows save the same version of a draft at once: one text is the note, every other is kept beside it."""
    from sessions.models import ProgressNote  # noqa: PLC0415

    note = ProgressNote.objects.drafts().order_by("pk").last()
    ProgressNote.objects.filter(pk=note.pk).update(content={})
    answers = at_once(type_in, WINDOWS, note.pk)
    note.refresh_from_db()
    texts = {note.content["did"], *(kept["did"] for kept in clashes(note))}
    held = sorted(answers) == ["kept beside"] * (WINDOWS - 1) + ["saved"] and len(texts) == WINDOWS
    say(
        f"{WINDOWS} windows save one draft at once: {answers.count('saved')} saved, {answers.count('kept beside')} "
        f"kept beside, {len(texts)} of {WINDOWS} texts there: {'as it must be' if held else answers}"
    )
    note.draft_versions.filter(is_clash=True).delete()
    return held


def clashes(note):
    return note.draft_versions.filter(is_clash=True).values_list("content", flat=True)


def sign(number: int, note: int, version: int) -> str:
    from sessions import drafts, notes  # noqa: PLC0415
    from sessions.models import ProgressNote  # noqa: PLC0415

    row = ProgressNote.objects.select_related("author").get(pk=note)
    try:
        notes.sign(by=row.author, note=row, version=version, similar_is_meant=True)
    except drafts.NoteLocked:
        return "locked"
    return "signed"


def one_signature(say: Say, people) -> bool:
    """Signing the same note from many windows at once makes one signature and one audit row of it."""
    from practice.models import AuditEvent  # noqa: PLC0415
    from sessions.models import TherapySession  # noqa: PLC0415
    from tests.sessions.conftest import written  # noqa: PLC0415

    note = written(TherapySession.objects.order_by("starts_at").first())
    answers = at_once(sign, WINDOWS, note.pk, note.version)
    rows = AuditEvent.objects.filter(action="sign", object_id=str(note.pk)).count()
    held = sorted(answers) == ["locked"] * (WINDOWS - 1) + ["signed"] and rows == 1
    say(f"{WINDOWS} windows sign one note at once: {answers.count('signed')} signature, {rows} audit row")
    return held


# -- Signed is signed ------------------------------------------------------------------------------------------------
TABLES = {
    "therapy_sessions_progressnote": "version",
    "therapy_sessions_therapysession": "number",
    "therapy_sessions_homeworkline": "position",
    "therapy_sessions_noteintervention": "minutes",
    "therapy_sessions_coursemove": "course_id",
}
ABOVE = ("practice_patient", "practice_appointment", "practice_user", "therapy_sessions_course")


def every_road_is_refused(say: Say) -> bool:
    """ORM, bulk, cascade and raw SQL, as the role that serves and as the owner of the tables; there is no admin."""
    held = True
    for who in ("the role that serves", "the owner"):
        with served_as(who):
            roads = roads_to_change()
            through = [name for name, act in roads.items() if not refused(act)]
        say(f"roads to a change of a signed note, as {who}: {len(roads) - len(through)} of {len(roads)} refused")
        for name in through:
            say(f"NOT REFUSED: {name}")
        held = held and not through
    return held


def roads_to_change() -> dict[str, Callable[[], object]]:
    from sessions.models import NoteIntervention, ProgressNote  # noqa: PLC0415

    note = ProgressNote.objects.signed().latest("pk")
    own = ProgressNote.objects.filter(pk=note.pk)
    roads: dict[str, Callable[[], object]] = {
        "save": note.save,
        "delete": note.delete,
        "queryset update": lambda: own.update(state="draft"),
        "queryset delete": own.delete,
        "bulk update": lambda: ProgressNote.objects.bulk_update([note], ["content"]),
        "bulk delete": lambda: own._raw_delete(own.db),
        "delete of the patient": note.patient.delete,
        "delete of the course": note.session.course.delete,
        "delete of the author": note.author.delete,
        "another part": lambda: NoteIntervention.objects.create(note=note, code="MOT-INTERVIEW"),
    }
    for table, column in TABLES.items():
        signed = "signed_at IS NOT NULL" if table.endswith(("note", "session")) else "true"
        roads[f"UPDATE {table}"] = raw(f"UPDATE {table} SET {column} = {column} WHERE {signed}")
        roads[f"DELETE {table}"] = raw(f"DELETE FROM {table} WHERE {signed}")
        roads[f"TRUNCATE {table}"] = raw(f"TRUNCATE {table} CASCADE")
    return roads | {f"TRUNCATE {table} CASCADE": raw(f"TRUNCATE {table} CASCADE") for table in ABOVE}


def raw(statement: str) -> Callable[[], object]:
    def run() -> None:
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(statement)

    return run


def refused(act: Callable[[], object]) -> bool:
    from django.db import DatabaseError, transaction  # noqa: PLC0415
    from django.db.models import ProtectedError, RestrictedError  # noqa: PLC0415

    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except (DatabaseError, ProtectedError, RestrictedError):
        return True
    return False


class served_as:  # noqa: N801  (read as a word: "with served_as(who)")
    """Within it the connection is the owner's, without it the one that serves."""

    def __init__(self, who: str) -> None:
        self.is_owner = who == "the owner"

    def __enter__(self) -> None:
        from django.db import connection, connections  # noqa: PLC0415

        self.serving = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
        connection.close()
        if self.is_owner:
            owner = os.environ["MIGRATE_DATABASE_URL"].partition("//")[2].partition("@")[0].partition(":")
            connections["default"].settings_dict |= {"USER": owner[0], "PASSWORD": owner[2]}

    def __exit__(self, *error) -> None:
        from django.db import connection, connections  # noqa: PLC0415

        connection.close()
        connections["default"].settings_dict |= self.serving


def an_edited_note_is_found(say: Say) -> bool:
    """The owner with the triggers off rewrites a signed note: its hash contradicts it."""
    from django.db import connection, transaction  # noqa: PLC0415

    from sessions import documents  # noqa: PLC0415
    from sessions.models import ProgressNote  # noqa: PLC0415

    note = ProgressNote.objects.signed().latest("pk")
    whole = documents.is_intact(note)
    with served_as("the owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE therapy_sessions_progressnote DISABLE TRIGGER USER")
        changed = "jsonb_set(document, '{fields,plan}', '\"Something else\"')"
        cursor.execute(f"UPDATE therapy_sessions_progressnote SET document = {changed} WHERE id = %s", [note.pk])
        found = not documents.is_intact(ProgressNote.objects.get(pk=note.pk))
        moved = timedelta(days=1)
        cursor.execute(
            "UPDATE therapy_sessions_progressnote SET document = %s, signed_at = signed_at - %s WHERE id = %s",
            [documents.canonical(note.document).decode(), moved, note.pk],
        )
        found_time = not documents.is_intact(ProgressNote.objects.get(pk=note.pk))
        transaction.set_rollback(True)
    say(f"a signed note: hash {'holds' if whole else 'BROKEN'}; text edited: {found}; signature moved: {found_time}")
    return whole and found and found_time
