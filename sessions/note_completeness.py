"""What is left before signing: every part that clinical.md 5.1 marks as required, and those an answer asks for besides.

Pure, no database: what a note needs to know of the world is handed in as :class:`Surroundings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from sessions import plan
from sessions.note_fields import (
    ATTENDED,
    BY_KEY,
    FIELDS,
    LONGEST_LINE,
    LONGEST_OFTEN,
    REVIEW,
    SESSION,
    TELEHEALTH,
    Content,
    Field,
    Words,
    clock,
    fields_of,
    homework_lines,
    list_of,
    minutes_of,
    risk_is_above_none,
    text_of,
)


@dataclass(frozen=True)
class Problem:
    """Something left before signing; ``anchor`` is the id of the input it leads to."""

    key: str
    label: Words
    sentence: Words
    anchor: str = field(default="")


@dataclass(frozen=True)
class Surroundings:
    """What a note needs to know besides its own text: homework to review, measures at hand, the structured form."""

    homework_due: Sequence[int] = ()
    has_measures: bool = False
    has_risk_form: bool = False
    has_course: bool = True


CHOOSE, WRITE = _("Choose one before you sign."), _("Write a line before you sign.")


def problems(kind: str, content: Content, around: Surroundings) -> list[Problem]:
    """Everything that is missing or not right, in the order of the form. Empty: the note can be signed."""
    found = [
        Problem(e.key, e.label, CHOOSE if e.choices else WRITE) for e in fields_of(kind) if is_missing(e, kind, content)
    ]
    found += conditional(kind, content, around)
    order = {entry.key: place for place, entry in enumerate(FIELDS)}
    extra = {"course": -1, "risk_form": order["risk_change"], "measures": order["measures_reason"],
             "homework_review": order["agenda"], "interventions": order["agenda"], "modules": order["did"],
             "homework": order["plan"]}  # fmt: skip
    return sorted(found, key=lambda problem: order.get(problem.key, extra.get(problem.key, 0)))


# The block of what is left besides the plain fields; a course stands outside of the form.
BLOCK_OF = {
    "risk_form": "risk",
    "homework_review": "review",
    "interventions": "interventions",
    "modules": "interventions",
    "homework": "plan",
}


def block_of(problem: Problem) -> str:
    """The block of the form in which something is left; empty where it is not in the form."""
    entry = BY_KEY.get(problem.key)
    return entry.block if entry else BLOCK_OF.get(problem.key, "")


def is_missing(entry: Field, kind: str, content: Content) -> bool:
    if kind not in entry.needed:
        return False
    value = text_of(content, entry.key)
    return value not in {choice for choice, _label in entry.choices} if entry.choices else not value


def conditional(kind: str, content: Content, around: Surroundings) -> list[Problem]:
    """The fields that are needed only when another one says so (C in the table), and what must fit together."""

    def problem(key: str, sentence: Words, label: Words = "", anchor: str = "") -> Problem:
        return Problem(key, label or BY_KEY[key].label, sentence, anchor)

    found = []
    if kind in ATTENDED:
        found += times(content, problem)
        if text_of(content, "modality") in TELEHEALTH:
            found += [
                problem(key, CHOOSE if BY_KEY[key].choices else WRITE)
                for key in ("patient_location", "licensed_there", "contact_reachable")
                if not text_of(content, key)
            ]
        if text_of(content, "risk_suicide") in ("passive", "active"):
            asked = ("risk_plan", "risk_intent", "risk_means", "risk_attempt")
            found += [problem(key, CHOOSE) for key in asked if not text_of(content, key)]
        if risk_is_above_none(content) and not around.has_risk_form:
            found.append(
                problem("risk_form", _("Fill in the structured form before you sign."), _("Structured risk form"))
            )
    return found + (session_only(content, around, problem) if kind == SESSION else [])


def times(content: Content, problem: Any) -> list[Problem]:
    typed = {key: text_of(content, key) for key in ("time_in", "time_out")}
    wrong = [problem(key, _("Write a time like 11:05.")) for key, text in typed.items() if text and clock(text) is None]
    if not wrong and all(typed.values()) and minutes_of(content) is None:
        wrong = [problem("time_out", _("Out lies after in."))]
    return wrong


def session_only(content: Content, around: Surroundings, problem: Any) -> list[Problem]:
    found = []
    if not around.has_course:
        found.append(problem("course", _("Open a course for this person first."), _("Course")))
    if text_of(content, "medical") == "changes" and not text_of(content, "medical_words"):
        found.append(problem("medical_words", WRITE))
    if text_of(content, "diagnosis") == "changed" and not text_of(content, "diagnosis_words"):
        found.append(problem("diagnosis_words", WRITE))
    if not around.has_measures and not text_of(content, "measures_reason"):
        found.append(problem("measures_reason", _("Say why no measure was done.")))
    reviews = content.get("reviews") or {}
    known = {value for value, _label in REVIEW}
    for line in around.homework_due:
        review = reviews.get(str(line)) or {}
        if max(len(review.get("obstacle", "")), len(review.get("learning", ""))) > LONGEST_LINE:
            found.append(
                problem("homework_review", _("Make the line shorter."), _("Homework review"), f"id_learned_{line}")
            )
        if review.get("outcome") not in known:
            found.append(
                problem("homework_review", _("Say how far it went."), _("Homework review"), f"id_review_{line}")
            )
            break
    if not set(list_of(content, "interventions")) & plan.interventions().keys():
        found.append(problem("interventions", CHOOSE, _("Interventions"), "interventions"))
    if not set(list_of(content, "modules")) & plan.modules().keys():
        found.append(problem("modules", CHOOSE, _("Modules"), "modules"))
    if any(len(row["text"]) > LONGEST_LINE or len(row["how_often"]) > LONGEST_OFTEN for row in homework_lines(content)):
        found.append(problem("homework", _("Make the line shorter."), _("Homework"), "homework"))
    if not homework_lines(content) and not text_of(content, "homework_none"):
        found.append(problem("homework", _("Add a line, or say why there is none."), _("Homework"), "homework"))
    return found


def count_of_parts(kind: str) -> int:
    """How many parts a note of this kind is asked for, for the words "11 of 13 parts are complete"."""
    needed = sum(1 for entry in FIELDS if kind in entry.needed)
    return needed + (4 if kind == SESSION else 0)
