"""The signed text of a note: one document that holds all it says, its canonical JSON and its hash (clinical.md 5.3).

Values of measures are copied in, so that a later correction of a questionnaire leaves the signed note as it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any
from zoneinfo import ZoneInfo

from intake.measures import Summary, measures_for_note
from intake.scoring import rounded
from sessions import homework, note_fields, plan
from sessions.models import Addendum, ProgressNote
from sessions.note_fields import Content


# -- Measures --------------------------------------------------------------------------------------------------------
def measure_rows(note: ProgressNote) -> list[dict[str, Any]]:
    """What the note says of each instrument: start, last, now and the change since the start; plain JSON values."""
    if note.kind != ProgressNote.Kind.SESSION:
        return []
    summaries = measures_for_note(note.patient)
    zone = ZoneInfo(note.patient.time_zone)
    return [measure_row(summary, zone) for summary in summaries.values() if summary.latest.score is not None]


def measure_row(summary: Summary, zone: ZoneInfo) -> dict[str, Any]:
    """One instrument as the note says it; the day of the answers is that of ``zone``, the patient's."""
    latest, start, last = summary.latest, summary.baseline, summary.previous
    decimals = summary.definition.scale.decimals

    def printed(value: Any) -> str:
        return str(rounded(value, decimals))

    taken_at = latest.response.taken_at
    change = ""
    if start is not None and start.score is not None and latest.score is not None:
        difference = rounded(latest.score.value, decimals) - rounded(start.score.value, decimals)
        change = f"{difference:+.{decimals}f}" if difference else "0"
    return {
        "slug": summary.definition.slug,
        "title": summary.definition.title,
        "start": printed(start.score.value) if start and start.score else "",
        "last": printed(last.score.value) if last and last.score else "",
        "now": printed(latest.score.value) if latest.score else "",
        "band": latest.score.band if latest.score else "",
        "taken_on": taken_at.astimezone(zone).date().isoformat() if taken_at else "",
        "change": change,
        "response": latest.response.pk,
    }


# -- The document ----------------------------------------------------------------------------------------------------
def build(note: ProgressNote) -> dict[str, Any]:
    """Everything the note says, as plain JSON values: of a draft a preview, of a note being signed its text.

    Times of the header are ISO 8601 with their zone.
    """
    content = note.content
    keys = [entry.key for entry in note_fields.fields_of(note.kind)]
    is_session = note.kind == ProgressNote.Kind.SESSION
    minutes = content.get("intervention_minutes") or {}
    return {
        "kind": note.kind,
        "header": header(note),
        "fields": {key: value for key in keys if (value := content_value(content, key))},
        "minutes": note_fields.minutes_of(content),
        "measures": measure_rows(note),
        "reviews": reviews(note),
        "interventions": [
            {"code": code, "label": plan.interventions()[code].label, "minutes": number(minutes.get(code, ""))}
            for code in (chosen_interventions(content) if is_session else [])
        ],
        "modules": chosen_modules(content) if is_session else [],
        "homework": note_fields.homework_lines(content) if is_session else [],
        "articles": [
            {"title": row.assignment.article_version.title, "version": row.assignment.article_version.number}
            for row in note.articles.select_related("assignment__article_version").order_by("pk")
        ],
        "next_appointment": next_appointment(note),
    }


def reviews(note: ProgressNote) -> list[dict[str, str]]:
    """What became of each line that is due for review and was looked at."""
    typed = note.content.get("reviews") or {}
    return [
        {"text": line.text, **{key: typed[str(line.pk)].get(key, "") for key in ("outcome", "obstacle", "learning")}}
        for line in homework.due_for(note)
        if typed.get(str(line.pk), {}).get("outcome")
    ]


def header(note: ProgressNote) -> dict[str, Any]:
    appointment, session = note.appointment, note.session
    zone = ZoneInfo(appointment.zone)
    return {
        "patient": note.patient_id,
        "patient_name": note.patient.full_name,
        "course": session.course_id if session else None,
        "session_number": session.number if session else None,
        "session_label": session.label if session else "",
        "planned_sessions": session.course.planned_sessions if session and session.course else None,
        "author": note.author_id,
        "author_name": note.author.name,
        "starts_at": appointment.starts_at.astimezone(zone).isoformat(),
        "ends_at": appointment.ends_at.astimezone(zone).isoformat(),
        "zone": appointment.zone,
        "written_at": note.signed_at.astimezone(dt.UTC).isoformat() if note.signed_at else None,
        "is_late_entry": note.is_late_entry,
    }


def content_value(content: Content, key: str) -> Any:
    if note_fields.BY_KEY[key].type == "many":
        return [value for value in note_fields.list_of(content, key) if isinstance(value, str)]
    return note_fields.text_of(content, key)


def next_appointment(note: ProgressNote) -> str | None:
    """The start of the next visit with the same therapist, where the note says that it is booked."""
    if note_fields.text_of(note.content, "next_step") != "booked":
        return None
    coming = coming_visit(note)
    return coming.starts_at.astimezone(ZoneInfo(coming.zone)).isoformat() if coming else None


def coming_visit(note: ProgressNote) -> Any:
    return (
        note.patient.appointments.coming()
        .filter(therapist=note.appointment.therapist_id, starts_at__gt=note.appointment.starts_at)
        .order_by("starts_at")
        .first()
    )


def chosen_modules(content: Content) -> list[str]:
    chosen = set(note_fields.list_of(content, "modules"))
    return [code for code in plan.modules() if code in chosen]


def chosen_interventions(content: Content) -> list[str]:
    chosen = set(note_fields.list_of(content, "interventions"))
    return [code for code in plan.interventions() if code in chosen]


def number(text: str) -> int | None:
    """A whole number of minutes as typed; None for anything else."""
    text = str(text).strip()
    return int(text) if text.isdigit() and len(text) <= 3 else None


# -- The hash --------------------------------------------------------------------------------------------------------
def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of a JSON object: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(note: ProgressNote) -> str:
    """SHA-256, in hex, over the document and the facts of its signature."""
    signed = {
        "document": note.document,
        "signed_at": note.signed_at.astimezone(dt.UTC).isoformat(),
        "signed_by": note.signed_by_id,
        "credentials": note.credentials,
        "licence_number": note.licence_number,
        "template_version": note.template_version,
    }
    return hashlib.sha256(canonical(signed)).hexdigest()


def digest_of_addendum(addendum: Addendum) -> str:
    """SHA-256, in hex, over an addendum, the note it belongs to, and the facts of its signature."""
    signed = {
        "note": addendum.note_id,
        "note_sha256": addendum.note.sha256,
        "author": addendum.author_id,
        "reason": str(addendum.reason),
        "text": addendum.text,
        "signed_at": addendum.signed_at.astimezone(dt.UTC).isoformat(),
        "credentials": addendum.credentials,
        "licence_number": addendum.licence_number,
    }
    return hashlib.sha256(canonical(signed)).hexdigest()


def is_intact(note: ProgressNote) -> bool:
    """Whether a signed note still has the hash it was signed with."""
    return digest(note) == note.sha256


# -- Likeness --------------------------------------------------------------------------------------------------------
def likeness(one: Content, other: Content) -> float:
    """How alike the free text of two notes is, 0 to 1; 0 where one of them says almost nothing."""
    first, second = (
        " ".join(note_fields.text_of(c, key) for key in note_fields.FREE_TEXT).split() for c in (one, other)
    )
    if min(len(first), len(second)) < 20:
        return 0.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
