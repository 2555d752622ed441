"""What a progress note holds: every field of clinical.md 5.1 in the order of its table, and what is needed to sign.

A draft keeps every character as typed, so ``content`` is a flat dictionary of strings and lists of strings. This module
reads it: pure, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.plain_line import plain_line
from sessions.models import HomeworkReview

TEMPLATE_VERSION = 1
LONGEST_LINE, LONGEST_OFTEN = 300, 100  # as in sessions/models/homework.py

Words = str | Promise
Content = Mapping[str, Any]
Choices = tuple[tuple[str, Words], ...]

SESSION, SHORT, MISSED = "session", "short", "missed"
ATTENDED = frozenset({SESSION, SHORT})
EVERY = frozenset({SESSION, SHORT, MISSED})
ONLY_SESSION = frozenset({SESSION})
TELEHEALTH = frozenset({"video", "phone"})
NOTHING = "none"

ATTENDANCE: Choices = (("attended", _("Attended")), ("late", _("Came late")), ("left_early", _("Left early")))
MISSED_HOW: Choices = (("no_show", _("Did not come")), ("late_cancel", _("Cancelled late")))
MODALITY: Choices = (
    ("in_person", _("In person")),
    ("video", _("Video")),
    ("phone", _("Phone")),
    ("group", _("Group")),
    ("family", _("Family")),
)
YES_NO: Choices = (("yes", _("Yes")), ("no", _("No")))
YES_NO_UNCLEAR: Choices = (("no", _("No")), ("yes", _("Yes")), ("unclear", _("Unclear")))
MOOD: Choices = (
    ("steady", _("Steady")),
    ("brighter", _("Brighter")),
    ("low", _("Low")),
    ("anxious", _("Anxious")),
    ("irritable", _("Irritable")),
    ("flat", _("Flat")),
    ("tearful", _("Tearful")),
    ("oriented", _("Oriented")),
)
SUICIDE: Choices = ((NOTHING, _("None")), ("passive", _("Passive")), ("active", _("Active")))
HARM: Choices = ((NOTHING, _("None")), ("some", _("Some")))
ABUSE: Choices = ((NOTHING, _("None")), ("concern", _("A concern")))
RISK_CHANGE: Choices = (("same", _("No change")), ("less", _("Less")), ("more", _("More")), ("first", _("First check")))
MEDICAL: Choices = ((NOTHING, _("None")), ("changes", _("Yes, described here")))
DIAGNOSIS: Choices = (("unchanged", _("Unchanged")), ("changed", _("Changed")), ("not_made", _("None recorded")))
NEXT: Choices = (("booked", _("Booked")), ("to_book", _("To be booked")), ("ending", _("Ending")))
SCALE: Choices = tuple((str(n), str(n)) for n in range(11))
ENGAGEMENT: Choices = tuple((str(n), str(n)) for n in range(5))
REVIEW: Choices = tuple((value, label) for value, label in HomeworkReview.Outcome.choices)


@dataclass(frozen=True)
class Field:
    """One field. ``kinds``: the notes that have it; ``needed``: those that are not signed without it."""

    key: str
    label: Words
    type: str  # line, text, choice, many, time, number
    block: str
    kinds: frozenset[str]
    needed: frozenset[str] = frozenset()
    choices: Choices = ()
    hint: Words = ""
    rows: int = 2
    # Only asked when that field has one of those values; a page without script asks always.
    when: tuple[str, tuple[str, ...]] | None = None
    # The label when the note is read, where the question would sound odd.
    printed: Words = ""


REMOTE = ("modality", ("video", "phone"))
ASKED_ON = ("risk_suicide", ("passive", "active"))

BLOCKS: dict[str, Words] = {
    "attendance": _("Attendance"),
    "status": _("How the person was"),
    "risk": _("Risk check"),
    "measures": _("Measures"),
    "agenda": _("Agenda"),
    "review": _("Homework review"),
    "interventions": _("What we did"),
    "response": _("Response"),
    "assessment": _("Assessment"),
    "plan": _("Plan"),
}

FIELDS: tuple[Field, ...] = (
    Field("attendance", _("Attendance"), "choice", "attendance", ATTENDED, ATTENDED, ATTENDANCE),
    Field("missed", _("What happened"), "choice", "attendance", frozenset({MISSED}), frozenset({MISSED}), MISSED_HOW),
    Field("late_minutes", _("Minutes late"), "number", "attendance", ATTENDED, when=("attendance", ("late",))),
    Field("modality", _("How you met"), "choice", "attendance", ATTENDED, ATTENDED, MODALITY),
    Field(
        "others_present",
        _("Others present"),
        "line",
        "attendance",
        ATTENDED,
        hint=_("Who, by their relation to the patient, and that the patient agreed. No names."),
    ),
    Field(
        "patient_location",
        _("Where the patient was"),
        "line",
        "attendance",
        ATTENDED,
        hint=_("Video and phone only: address or place, and state."),
        when=REMOTE,
    ),
    Field("licensed_there", _("Are you licensed there?"), "choice", "attendance", ATTENDED, choices=YES_NO,
          when=REMOTE,
          printed=_("Licensed there")),
    Field(
        "contact_reachable",
        _("Could the emergency contact be reached today?"),
        "choice",
        "attendance",
        ATTENDED,
        choices=YES_NO,
        when=REMOTE,
          printed=_("Emergency contact reachable")),
    Field("time_in", _("In"), "time", "attendance", ATTENDED, ATTENDED),
    Field("time_out", _("Out"), "time", "attendance", ATTENDED, ATTENDED),
    Field("mood", _("Mood, orientation, appearance"), "many", "status", ONLY_SESSION, choices=MOOD),
    Field("mood_words", _("As you saw it"), "line", "status", ONLY_SESSION,
          printed=_("As seen")),
    Field(
        "risk_suicide",
        _("Thoughts of suicide"),
        "choice",
        "risk",
        ATTENDED,
        ATTENDED,
        SUICIDE,
        hint=_("Never filled in for you. Any answer above “none” opens the structured form."),
    ),
    Field("risk_plan", _("Plan"), "choice", "risk", ATTENDED, choices=YES_NO_UNCLEAR, when=ASKED_ON),
    Field("risk_intent", _("Intent"), "choice", "risk", ATTENDED, choices=YES_NO_UNCLEAR, when=ASKED_ON),
    Field("risk_means", _("Means at hand"), "choice", "risk", ATTENDED, choices=YES_NO_UNCLEAR, when=ASKED_ON),
    Field("risk_attempt", _("Past attempt"), "choice", "risk", ATTENDED, choices=YES_NO_UNCLEAR, when=ASKED_ON),
    Field("risk_others", _("Thoughts of harming others"), "choice", "risk", ATTENDED, ATTENDED, HARM),
    Field("risk_abuse", _("Concern about abuse"), "choice", "risk", ATTENDED, ATTENDED, ABUSE),
    Field("risk_change", _("Change since last time"), "choice", "risk", ATTENDED, ATTENDED, RISK_CHANGE),
    Field("risk_considered", _("Risk, as far as you know it"), "text", "risk", frozenset({MISSED}),
          frozenset({MISSED}), rows=3,
          printed=_("Risk, as far as known")),
    Field("pain_now", _("Pain now"), "scale", "measures", ONLY_SESSION, ONLY_SESSION, SCALE),
    Field("pain_week", _("Pain on average this week"), "scale", "measures", ONLY_SESSION, ONLY_SESSION, SCALE),
    Field("function", _("Function, in one line"), "line", "measures", ONLY_SESSION, ONLY_SESSION),
    Field(
        "medical",
        _("Medical or medicine changes, new red flags"),
        "choice",
        "measures",
        ONLY_SESSION,
        ONLY_SESSION,
        MEDICAL,
    ),
    Field("medical_words", _("What changed"), "text", "measures", ONLY_SESSION, when=("medical", ("changes",))),
    Field("measures_reason", _("Measures not done because"), "line", "measures", ONLY_SESSION),
    Field("agenda", _("What you agreed to work on"), "text", "agenda", ONLY_SESSION, hint=_("One line for each."),
          printed=_("Agreed")),
    Field(
        "did",
        _("In your words"),
        "text",
        "interventions",
        ONLY_SESSION,
        ONLY_SESSION,
        hint=_("Facts and function. The patient can read this note. No names of other people, no hypotheses."),
        rows=5,
          printed=_("What was done")),
    Field("outreach", _("What you did to reach the person"), "text", "interventions", frozenset({MISSED}),
          frozenset({MISSED}), rows=3,
          printed=_("What was done to reach the person")),
    Field("summary", _("What happened"), "text", "interventions", frozenset({SHORT}), frozenset({SHORT}), rows=4),
    Field("engagement", _("Engagement"), "choice", "response", ONLY_SESSION, ONLY_SESSION, ENGAGEMENT,
          hint=_("0 is none, 4 is full.")),
    Field("response", _("Response, in one line"), "line", "response", ONLY_SESSION, ONLY_SESSION),
    Field("patient_words", _("In the patient’s words"), "line", "response", ONLY_SESSION),
    Field("assessment", _("Your summary"), "text", "assessment", ONLY_SESSION, ONLY_SESSION, rows=4,
          printed=_("Summary")),
    Field("diagnosis", _("Diagnosis"), "choice", "assessment", ONLY_SESSION, ONLY_SESSION, DIAGNOSIS),
    Field("diagnosis_words", _("What changed in the diagnosis"), "line", "assessment", ONLY_SESSION,
          when=("diagnosis", ("changed",))),
    Field("plan", _("Next focus"), "text", "plan", EVERY, EVERY,
          hint=_("Also changes, contact with other care, referrals."), rows=3),
    Field("homework_none", _("No homework, because"), "line", "plan", ONLY_SESSION),
    Field("next_step", _("Next appointment"), "choice", "plan", EVERY, EVERY, NEXT),
    Field(
        "necessity",
        _("Medical necessity"),
        "text",
        "plan",
        ONLY_SESSION,
        hint=_("If a payer asks: how symptoms, function and this service belong together."),
    ),
)  # fmt: skip
BY_KEY = {entry.key: entry for entry in FIELDS}
FREE_TEXT = tuple(entry.key for entry in FIELDS if entry.type in ("line", "text"))


def fields_of(kind: str) -> tuple[Field, ...]:
    return tuple(entry for entry in FIELDS if kind in entry.kinds)


def blocks_of(kind: str) -> list[str]:
    """The blocks of this kind of note, in the order of the table."""
    held = {entry.block for entry in fields_of(kind)} | ({"review"} if kind == SESSION else set())
    return [block for block in BLOCKS if block in held]


# -- Reading a typed content -----------------------------------------------------------------------------------------
def text_of(content: Content, key: str) -> str:
    value = content.get(key, "")
    return value.strip() if isinstance(value, str) else ""


def list_of(content: Content, key: str) -> list[Any]:
    value = content.get(key, [])
    return list(value) if isinstance(value, list) else []


def clock(text: str) -> dt.time | None:
    """A time of day as people type it: 11:01, 1101, 9.05; None for anything else."""
    digits = text.strip().replace(".", ":")
    if ":" not in digits and len(digits) in (3, 4):
        digits = f"{digits[:-2]}:{digits[-2:]}"
    hours, _colon, minutes = digits.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        return None
    return dt.time(int(hours), int(minutes)) if int(hours) < 24 and int(minutes) < 60 else None


def minutes_of(content: Content) -> int | None:
    """Minutes from in to out; None unless both are times and out lies after in."""
    time_in, time_out = clock(text_of(content, "time_in")), clock(text_of(content, "time_out"))
    if time_in is None or time_out is None or time_out <= time_in:
        return None
    return (time_out.hour * 60 + time_out.minute) - (time_in.hour * 60 + time_in.minute)


def homework_lines(content: Content) -> list[dict[str, str]]:
    """The homework lines that say something, as the patient gets them: each in one line without unseen signs."""
    rows = [
        {key: plain_line(str(row.get(key, ""))) for key in ("text", "how_often")}
        for row in list_of(content, "homework")
    ]
    return [row for row in rows if row["text"]]


def risk_is_above_none(content: Content) -> bool:
    """Whether the risk check calls for the structured form (clinical.md 5.1)."""
    checked = ("risk_suicide", "risk_others", "risk_abuse")
    return any(
        text_of(content, key) in {value for value, _label in BY_KEY[key].choices if value != NOTHING} for key in checked
    )


def risk_tier(content: Content) -> str:
    """The tier at which this check is put before the responders; empty for none (clinical.md 7.3).

    An active plan or intent is R0. Everything else above "none" is R1: a therapist marks.
    """
    if not risk_is_above_none(content):
        return ""
    acute = text_of(content, "risk_suicide") == "active" and "yes" in (
        text_of(content, "risk_plan"),
        text_of(content, "risk_intent"),
    )
    return "R0" if acute else "R1"


def is_empty(content: Content) -> bool:
    return not any(value for key, value in content.items() if key not in PREFILLED)


# What the program may write into an empty draft: facts of the appointment, never risk, response or times.
PREFILLED = frozenset({"attendance", "late_minutes", "modality", "missed", "next_step"})
