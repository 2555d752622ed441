"""The building blocks of a course: modules, course templates, coded interventions (clinical.md 4.2-4.4, 5.2).

Pure: JSON files of ``sessions/plans`` in, frozen objects out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

FOLDER = Path(__file__).parent / "plans"
# clinical.md 1.1: every course touches each of the eleven components.
COMPONENTS = tuple(f"F{number:02}" for number in range(1, 12))
BOOSTER = "BOOST"
ENDING = "END"


@dataclass(frozen=True)
class Module:
    """One reusable piece of treatment. ``patient_words`` completes the sentence "On Thursday: ..."."""

    code: str
    english_title: str
    english_patient_words: str
    aims: str
    in_session: str
    homework: tuple[str, ...]
    articles: tuple[str, ...]
    tools: tuple[str, ...]
    measures: tuple[str, ...]
    interventions: tuple[str, ...]
    seed_refs: tuple[str, ...]

    @property
    def title(self) -> str:
        return _(self.english_title)

    @property
    def patient_words(self) -> str:
        return _(self.english_patient_words)


@dataclass(frozen=True)
class PlannedSession:
    """One position of a template; ``topics`` is empty where the template only names modules."""

    position: int
    modules: tuple[str, ...]
    topics: str
    homework: tuple[str, ...]
    articles: tuple[str, ...]
    measures: tuple[str, ...]
    is_review: bool

    @property
    def titles(self) -> str:
        return "; ".join(modules()[code].title for code in self.modules)


@dataclass(frozen=True)
class Template:
    """A course of so many sessions; ``choose_when`` is the choosing aid of clinical.md 4.4."""

    code: str
    english_choose_when: str
    sessions: tuple[PlannedSession, ...]

    @property
    def choose_when(self) -> str:
        return _(self.english_choose_when)

    @property
    def components(self) -> frozenset[str]:
        """Which of the eleven components the modules of this template cover."""
        seeds = {ref for session in self.sessions for code in session.modules for ref in modules()[code].seed_refs}
        return frozenset(seeds & set(COMPONENTS))


@dataclass(frozen=True)
class Intervention:
    code: str
    english_label: str
    english_group: str

    @property
    def label(self) -> str:
        return _(self.english_label)

    @property
    def group(self) -> str:
        return _(self.english_group)


def read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


@cache
def modules() -> dict[str, Module]:
    """Every module by its code, in the order of clinical.md 4.2."""
    return {row["code"]: Module(**tuples(english(row))) for row in read("modules")}


def english(row: dict[str, Any]) -> dict[str, Any]:
    """A module's row; what people read of it bears the name of the language it is written in."""
    return {f"english_{key}" if key in ("title", "patient_words") else key: value for key, value in row.items()}


@cache
def templates() -> dict[str, Template]:
    """The course templates by code: "10", "12", "16" and "20" sessions."""
    return {
        row["code"]: Template(
            row["code"],
            row["choose_when"],
            tuple(PlannedSession(n, **tuples(session)) for n, session in enumerate(row["sessions"], 1)),
        )
        for row in read("templates")["templates"]
    }


@cache
def interventions() -> dict[str, Intervention]:
    """The code system ``pain-intervention`` by code, in the order of clinical.md 5.2."""
    return {
        line["code"]: Intervention(line["code"], line["label"], group["group"])
        for group in read("interventions")["groups"]
        for line in group["codes"]
    }


def patient_topic(codes: list[str] | tuple[str, ...]) -> str:
    """What a planned session is about, in words for the patient; at most two topics, to be read at a glance."""
    topics = [modules()[code].patient_words for code in codes[:2] if code in modules()]
    if len(topics) < 2:
        return "".join(topics)
    return _("%(first)s, and %(second)s") % {"first": topics[0], "second": topics[1]}
