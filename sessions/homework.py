"""Homework lines: written when a note is signed, due for review in the next one (clinical.md 5.1)."""

from __future__ import annotations

from practice.models import Patient
from sessions import note_fields
from sessions.models import HomeworkLine, HomeworkReview, ProgressNote


def due_for(note: ProgressNote) -> list[HomeworkLine]:
    """The lines this note looks at: those of the last signed session note before it that gave any.

    Lines are looked at once. What an earlier note left as "not looked at" is not carried on for ever.
    """
    if note.kind != ProgressNote.Kind.SESSION:
        return []
    # Two plain questions instead of one clever one: the planner, misled, took seconds over that one.
    earlier = {"note__appointment__starts_at__lt": note.appointment.starts_at}
    before = HomeworkLine.objects.filter(patient=note.patient_id, **earlier)
    lines = list(before.select_related("note__appointment").order_by("-note__appointment__starts_at", "position"))
    lines = [line for line in lines if line.note_id == lines[0].note_id]
    seen = set(HomeworkReview.objects.filter(line__in=lines, **earlier).values_list("line", flat=True)) if lines else ()
    return [line for line in lines if line.pk not in seen]


def write(note: ProgressNote) -> list[HomeworkReview]:
    """Turn what a draft says about homework into rows; called by ``sign`` before the signature is set."""
    HomeworkLine.objects.bulk_create(
        HomeworkLine(note=note, patient=note.patient, position=place, text=row["text"], how_often=row["how_often"])
        for place, row in enumerate(note_fields.homework_lines(note.content), 1)
    )
    typed = note.content.get("reviews") or {}
    return HomeworkReview.objects.bulk_create(
        HomeworkReview(
            note=note,
            line=line,
            outcome=typed[str(line.pk)]["outcome"],
            obstacle=typed[str(line.pk)].get("obstacle", "").strip(),
            learning=typed[str(line.pk)].get("learning", "").strip(),
        )
        for line in due_for(note)
        if str(line.pk) in typed
    )


def current_for(patient: Patient) -> list[HomeworkLine]:
    """What the patient takes home now: the lines of the newest signed note that gave any; one query."""
    newest = HomeworkLine.objects.filter(patient=patient).order_by("-note__appointment__starts_at").values("note")[:1]
    return list(HomeworkLine.objects.filter(note__in=newest).select_related("note__appointment").order_by("position"))
