"""What the note editor shows: blocks, measures, homework, interventions, and two texts of one note side by side."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.formats import date_format

from practice.models import Appointment
from sessions import documents, drafts, homework, note_completeness, note_fields, note_words, notes, plan, risk_check
from sessions.forms.note import Block, NoteForm
from sessions.models import HomeworkLine, NoteDraftVersion, ProgressNote

SAVED, TYPED, BOTH = "saved", "typed", "both"


# -- The editor ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """A checkbox of the editor."""

    code: str
    label: str
    checked: bool
    minutes: str = ""


@dataclass(frozen=True)
class Review:
    line: HomeworkLine
    outcome: str
    obstacle: str
    learning: str


def edit_context(note: ProgressNote, *, check: bool) -> dict[str, Any]:
    """Everything of the editor page; ``check`` puts what is left beside the fields."""
    due = homework.due_for(note)
    rows = documents.measure_rows(note)
    has_risk_form = risk_check.has_form(note)
    around = note_completeness.Surroundings(
        homework_due=[line.pk for line in due],
        has_measures=bool(rows),
        has_risk_form=has_risk_form,
        has_course=note.session is None or note.session.course_id is not None,
    )
    problems = notes.left(note, around)
    form = NoteForm(note.kind, note.content, problems if check else (), hide=("measures_reason",) if rows else ())
    context = {
        "note": note,
        "form": form,
        "blocks": folded(form.blocks, problems, has_review=bool(due), check=check),
        "problems": [(problem, anchor_of(problem)) for problem in problems],
        "complete": note_completeness.count_of_parts(note.kind) - len({problem.key for problem in problems}),
        "parts": note_completeness.count_of_parts(note.kind),
        "name": note_words.name_of_note(note),
        "remark": note_words.remark_on_number(note.session),
        "place": note_words.place_of(note.appointment),
        "saved_at": note.saved_at,
        "window": uuid.uuid4().hex,
        "visit": drafts.word_of_visit(note),
        "risk_asked": note_fields.risk_is_above_none(note.content),
        "has_risk_form": has_risk_form,
        "minutes": note_fields.minutes_of(note.content),
        "last": notes.last_signed(note),
        "clash": note.draft_versions.filter(is_clash=True).order_by("-saved_at").first(),
    }
    if note.kind == note_fields.SESSION:
        context |= session_context(note, due, rows)
    context["coming"] = documents.coming_visit(note)
    return context


def folded(
    blocks: list[Block], problems: list[note_completeness.Problem], *, has_review: bool, check: bool
) -> list[Block]:
    """The blocks as a narrow page shows them: open is the first that lacks something, with ``check`` each that does.

    ``has_review``: there is homework of last time, of which each line is asked for.
    """
    for block in blocks:
        block.asks |= has_review and block.key == "review"
        block.left = sum(note_completeness.block_of(problem) == block.key for problem in problems)
    lacking = [block for block in blocks if block.left]
    for block in lacking if check else lacking[:1]:
        block.is_open = True
    return blocks


def anchor_of(problem: note_completeness.Problem) -> str:
    """The id a link in "Left before signing" leads to."""
    if problem.anchor:
        return problem.anchor
    if problem.key in ("risk_form", "course"):
        return ""
    return f"id_{problem.key}"


def session_context(note: ProgressNote, due: list[HomeworkLine], rows: list[dict[str, Any]]) -> dict[str, Any]:
    suggested, others = intervention_choices(note)
    return {
        "measures": rows,
        "reviews": review_rows(note, due),
        "review_choices": note_fields.REVIEW,
        "suggested": suggested,
        "others": others,
        "chosen": [choice for choice in suggested if choice.checked],
        "modules": module_choices(note),
        "all_modules": other_modules(note),
        "homework_rows": homework_rows(note),
        "articles": list(note.articles.select_related("assignment__article_version").order_by("pk")),
    }


def review_rows(note: ProgressNote, due: list[HomeworkLine]) -> list[Review]:
    typed = note.content.get("reviews") or {}
    found = [(line, typed.get(str(line.pk), {})) for line in due]
    return [Review(line, r.get("outcome", ""), r.get("obstacle", ""), r.get("learning", "")) for line, r in found]


def homework_rows(note: ProgressNote) -> list[dict[str, str]]:
    """The lines as typed and one empty one."""
    rows = [row for row in note_fields.list_of(note.content, "homework") if row.get("text") or row.get("how_often")]
    return [*rows, {"text": "", "how_often": ""}]


def planned_modules(note: ProgressNote) -> list[str]:
    """What the plan names for this session."""
    session = note.session
    if session is None or session.course_id is None or session.position is None:
        return []
    item = session.course.plan.filter(position=session.position).first()
    return list(item.modules) if item else []


def module_choices(note: ProgressNote) -> list[Choice]:
    """The modules planned for this session, and those ticked."""
    ticked = documents.chosen_modules(note.content)
    codes = dict.fromkeys([*planned_modules(note), *ticked])
    return [Choice(code, plan.modules()[code].title, code in ticked) for code in codes]


def other_modules(note: ProgressNote) -> list[Choice]:
    shown = {choice.code for choice in module_choices(note)}
    return [Choice(code, module.title, False) for code, module in plan.modules().items() if code not in shown]


def intervention_choices(note: ProgressNote) -> tuple[list[Choice], list[tuple[str, list[Choice]]]]:
    """Those that belong to the planned modules and those ticked, and by group all the others."""
    ticked = documents.chosen_interventions(note.content)
    minutes = note.content.get("intervention_minutes") or {}
    likely = [code for module in planned_modules(note) for code in plan.modules()[module].interventions]
    codes = dict.fromkeys([*ticked, *likely])
    known = plan.interventions()
    suggested = [Choice(code, known[code].label, code in ticked, minutes.get(code, "")) for code in codes]
    groups: dict[str, list[Choice]] = {}
    for code, intervention in known.items():
        if code not in codes:
            groups.setdefault(intervention.group, []).append(Choice(code, intervention.label, False))
    return suggested, list(groups.items())


# -- Two texts -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Difference:
    """One part of which two windows hold different things. ``chosen`` is what the author has picked so far."""

    key: str
    label: str
    saved: str
    typed: str
    can_be_both: bool
    chosen: str
    is_undecided: bool


def keys_that_differ(note: ProgressNote, typed: note_fields.Content) -> list[str]:
    """The parts of a note, in the order of its form, that another text of it says differently."""
    return [key for key in note_words.keys_of(note.kind) if note.content.get(key) != typed.get(key)]


def differences(
    note: ProgressNote, clash: NoteDraftVersion, *, chosen: QueryDict, undecided: Collection[str]
) -> list[Difference]:
    """Every part in which the two texts differ, shown as text."""
    return [
        Difference(
            key,
            note_words.label_of(key),
            note_words.shown(key, note.content.get(key)),
            note_words.shown(key, clash.content.get(key)),
            can_be_both(key),
            chosen.get(f"keep-{key}") or suggested_choice(key, note.content.get(key), clash.content.get(key)),
            key in undecided,
        )
        for key in keys_that_differ(note, clash.content)
    ]


def can_be_both(key: str) -> bool:
    """Texts and lists can stand one after the other; a single choice or a time cannot."""
    entry = note_fields.BY_KEY.get(key)
    return entry.type in ("text", "line", "many") if entry else key in ("homework", "interventions", "modules")


def suggested_of_one(saved: Any, typed: Any) -> str:
    """The side that says something where the other is empty."""
    return "" if saved and typed else TYPED if typed else SAVED


def suggested_choice(key: str, saved: Any, typed: Any) -> str:
    """What loses nothing: the side that says something, the text that holds the other, or both. Between two single
    choices the author decides."""
    if one := suggested_of_one(saved, typed):
        return one
    if not can_be_both(key):
        return ""
    if isinstance(typed, str) and isinstance(saved, str) and (saved in typed or typed in saved):
        return TYPED if saved in typed else SAVED
    return BOTH


def merged(note: ProgressNote, clash: NoteDraftVersion, data: QueryDict) -> tuple[dict[str, Any], list[str]]:
    """The content the author made of both, and the parts about which nothing was said.

    ``all`` keeps everything of one side; else a part that one side leaves empty is that of the other, unless said.
    """
    content, undecided = dict(note.content), []
    everything = data.get("all") if data.get("all") in (SAVED, TYPED) else ""
    for key in keys_that_differ(note, clash.content):
        saved, typed = note.content.get(key), clash.content.get(key)
        keep = everything or data.get(f"keep-{key}") or suggested_of_one(saved, typed)
        if keep == TYPED:
            content[key] = typed
        elif keep == BOTH and can_be_both(key):
            content[key] = together(saved, typed)
        elif keep != SAVED:
            undecided.append(key)
    return {key: value for key, value in content.items() if value}, undecided


def together(saved: Any, typed: Any) -> Any:
    if isinstance(saved or typed, str):
        return "\n".join(text for text in (saved, typed) if text)
    return [*(saved or []), *(row for row in typed or [] if row not in (saved or []))]


def visit_words(appointment: Appointment) -> str:
    """Tuesday, May 12, 9:00."""
    local = appointment.starts_at.astimezone(ZoneInfo(appointment.zone))
    return f"{date_format(local, 'l, F j')}, {date_format(local, 'G:i')}"
