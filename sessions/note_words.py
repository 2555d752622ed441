"""A note in words: the document of a signature, or of a draft's preview, as headed lines for a page or paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.band_words import band_words
from practice.models import Appointment
from sessions import note_fields, numbering, plan
from sessions.models import HomeworkReview, ProgressNote, TherapySession

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One fact: ``text`` for a sentence or paragraph, ``items`` for a list."""

    label: str
    text: str = ""
    items: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    lines: list[Line]


def sections(document: Document) -> list[Section]:
    """Everything the document says, block by block, empty blocks left out."""
    made = []
    for block in note_fields.blocks_of(document["kind"]):
        lines = [line for entry in fields_in(document, block) if (line := line_of(document, entry))]
        lines += extras(document, block)
        if lines:
            made.append(Section(block, str(note_fields.BLOCKS[block]), lines))
    return made


def fields_in(document: Document, block: str) -> list[note_fields.Field]:
    """The fields of a block, without the times where the length says them in one line."""
    told = ("time_in", "time_out") if document.get("minutes") else ()
    return [e for e in note_fields.fields_of(document["kind"]) if e.block == block and e.key not in told]


def line_of(document: Document, entry: note_fields.Field) -> Line | None:
    value = document["fields"].get(entry.key)
    if not value:
        return None
    labels = {key: str(label) for key, label in entry.choices}
    if isinstance(value, list):
        return Line(str(entry.printed or entry.label), items=[labels.get(one, one) for one in value])
    text = labels.get(value, value) if entry.choices else value
    if entry.type == "scale":
        text = _("%(number)s of 10") % {"number": value}
    if entry.key == "engagement":
        text = _("%(number)s of 4") % {"number": value}
    if entry.key == "next_step" and document.get("next_appointment"):
        text = f"{text}: {when(document['next_appointment'])}"
    return Line(str(entry.printed or entry.label), text)


def extras(document: Document, block: str) -> list[Line]:
    """The parts of a block that are not plain fields."""
    if block == "attendance" and document.get("minutes"):
        fields = document["fields"]
        facts = {"start": fields["time_in"], "end": fields["time_out"], "count": document["minutes"]}
        return [Line(_("Time"), _("%(start)s to %(end)s, %(count)s minutes") % facts)]
    if block == "measures" and document.get("measures"):
        return [Line(_("Screening results"), items=[measure_words(row) for row in document["measures"]])]
    if block == "review" and document.get("reviews"):
        return [Line(_("Since last time"), items=[review_words(row) for row in document["reviews"]])]
    if block == "interventions":
        lines = [
            Line(_("Interventions"), items=[intervention_words(row) for row in document["interventions"]]),
            Line(_("Modules"), items=[module_words(code) for code in document["modules"]]),
        ]
        return [line for line in lines if line.items]
    if block == "plan":
        return plan_extras(document)
    return []


def plan_extras(document: Document) -> list[Line]:
    lines = []
    if document.get("homework"):
        lines.append(Line(_("Homework"), items=[homework_words(row) for row in document["homework"]]))
    if document.get("articles"):
        lines.append(Line(_("To read"), items=[row["title"] for row in document["articles"]]))
    return lines


def measure_words(row: Mapping[str, str]) -> str:
    parts = [f"{row['title']}: {row['now']}"]
    if row["band"]:
        parts.append(band_words(row["band"]))
    if row["start"]:
        parts.append(_("start %(value)s") % {"value": row["start"]})
    if row["last"]:
        parts.append(_("last time %(value)s") % {"value": row["last"]})
    return ", ".join(parts)


def since_start(row: Mapping[str, str]) -> str:
    """What became of a result since the first one, and its band: "2.0 lower, mild"; of a first one the band alone."""
    change = row["change"]
    size = {"size": change.lstrip("+-")}
    moved = _("%(size)s lower") % size if change.startswith("-") else _("%(size)s higher") % size
    parts = [_("no change") if change == "0" else moved] if change else []
    return ", ".join([*parts, *filter(None, [band_words(row["band"])])])


def review_words(row: Mapping[str, str]) -> str:
    said = str(dict(HomeworkReview.Outcome.choices).get(row["outcome"], row["outcome"]))
    parts = [f"{row['text']}: {said.lower()}"]
    if row.get("obstacle"):
        parts.append(_("in the way: %(what)s") % {"what": row["obstacle"]})
    if row.get("learning"):
        parts.append(_("learned: %(what)s") % {"what": row["learning"]})
    return "; ".join(parts)


def intervention_words(row: Mapping[str, Any]) -> str:
    words = f"{row['label']} ({row['code']})"
    return f"{words}, {_('%(count)s minutes') % {'count': row['minutes']}}" if row["minutes"] else words


def module_words(code: str) -> str:
    module = plan.modules().get(code)
    return module.title if module else code


def homework_words(row: Mapping[str, str]) -> str:
    return f"{row['text']} ({row['how_often']})" if row["how_often"] else row["text"]


def when(text: str) -> str:
    """An instant of the document in its own zone: Tuesday, May 19, 11:00 am."""
    moment = dt.datetime.fromisoformat(text)
    return (
        f"{date_format(moment, 'l, F j')}, {date_format(moment, 'g:i a').replace('a.m.', 'am').replace('p.m.', 'pm')}"
    )


# -- What was typed --------------------------------------------------------------------------------------------------
PARTS = {
    "homework": gettext_lazy("Homework"),
    "interventions": gettext_lazy("Interventions"),
    "modules": gettext_lazy("Modules"),
    "reviews": gettext_lazy("Homework review"),
    "intervention_minutes": gettext_lazy("Minutes of interventions"),
}
# Where the words of a form go that the other form has no place for.
OPEN_TEXT = {note_fields.SESSION: "did", note_fields.SHORT: "summary"}


def keys_of(kind: str) -> list[str]:
    """Every part that a note of this kind may hold, in the order of its form."""
    return [entry.key for entry in note_fields.fields_of(kind)] + (list(PARTS) if kind == note_fields.SESSION else [])


def label_of(key: str) -> str:
    return str(note_fields.BY_KEY[key].label if key in note_fields.BY_KEY else PARTS[key])


def shown(key: str, value: Any) -> str:
    """A part of a typed content as text for a person; no character of it is left out."""
    if not value:
        return _("Nothing")
    if key == "homework":
        return "\n".join(homework_words({"text": "", "how_often": "", **row}) for row in value)
    if key == "reviews":
        outcomes = {outcome: str(label) for outcome, label in note_fields.REVIEW}
        return "\n".join(", ".join(outcomes.get(words, words) for words in row.values()) for row in value.values())
    if key == "intervention_minutes":
        return "\n".join(f"{code}: {minutes}" for code, minutes in value.items())
    if key == "modules":
        return "\n".join(module_words(code) for code in value)
    if key == "interventions":
        known = plan.interventions()
        return "\n".join(known[code].label if code in known else code for code in value)
    labels = {choice: str(label) for choice, label in note_fields.BY_KEY[key].choices}
    return "\n".join(labels.get(v, v) for v in value) if isinstance(value, list) else labels.get(value, value)


def carried(content: note_fields.Content, before: str, after: str) -> dict[str, Any]:
    """A typed content in another form of note: what it has no place for stands as lines in its open text."""
    if before == after or after not in OPEN_TEXT:
        return dict(content)
    homes = keys_of(after)
    kept = {key: value for key, value in content.items() if key in homes}
    lines = [typed_line(content, key) for key in keys_of(before) if key not in homes and content.get(key)]
    if text := "\n".join([*filter(None, [kept.get(OPEN_TEXT[after])]), *lines]):
        kept[OPEN_TEXT[after]] = text
    return kept


def typed_line(content: Mapping[str, Any], key: str) -> str:
    words = shown(key, content[key])
    return words if key in OPEN_TEXT.values() else f"{label_of(key)}: {words.replace(chr(10), '; ')}"


# -- The patient's view ----------------------------------------------------------------------------------------------
def for_patient(document: Document) -> tuple[list[Line], list[Section]]:
    """What matters to the person first, in plain words, and then the whole note as it was signed."""
    fields = document["fields"]
    first = [
        Line(_("What we did"), fields.get("did") or fields.get("summary") or fields.get("outreach", "")),
        Line(_("How it went"), fields.get("response", "")),
        Line(_("To try until next time"), items=[homework_words(row) for row in document.get("homework", [])]),
        Line(_("To read"), items=[row["title"] for row in document.get("articles", [])]),
        Line(_("What comes next"), fields.get("plan", "")),
    ]
    return [line for line in first if line.text or line.items], sections(document)


# -- Names of sessions -----------------------------------------------------------------------------------------------
def session_words(session: TherapySession | None) -> str:
    """ "Session 3 of about 12", "B1", "Short contact" (clinical.md 4.6)."""
    if session is None:
        return _("Missed visit")
    if session.number is None:
        kind = str(session.get_kind_display())
        return f"{kind} {session.label}".strip() if session.label else kind
    return numbered_words(session.number, session.course.planned_sessions if session.course_id else None)


def numbered_words(number: int, planned: int | None) -> str:
    """ "Session 3 of about 12"; past the plan only "Session 13"."""
    if not planned or number > planned:
        return _("Session %(number)s") % {"number": number}
    return _("Session %(number)s of about %(planned)s") % {"number": number, "planned": planned}


def remark_on_number(session: TherapySession | None) -> str:
    """The remark where the number and the place by date differ (clinical.md 4.6)."""
    if session is None or session.number is None:
        return ""
    return remark(session, numbering.display_number(session))


def remark(session: TherapySession, place: int | None) -> str:
    """The same where the place by date is known."""
    if session.number is None or place in (None, session.number):
        return ""
    return _("Recorded as session %(number)s. By date it is session %(place)s, because a session was entered late.") % {
        "number": session.number,
        "place": place,
    }


def name_of_note(note: ProgressNote) -> str:
    if note.kind == ProgressNote.Kind.MISSED:
        return _("Contact note")
    return session_words(note.session)


def place_of(appointment: Appointment) -> str:
    """Room, or how they met."""
    return appointment.room.name if appointment.room else str(appointment.get_modality_display())
