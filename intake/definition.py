"""An instrument as data: what a questionnaire asks, how it is scored and when it alerts (clinical.md 2.5).

Pure: JSON in, frozen objects out. There are no formulas in the data; a new scoring method is code with tests.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

METHODS = ("sum", "mean")
TIMES = ("save", "submit")
TIERS = ("R0", "R1", "R2", "R3", "R4")
FREE_LICENCES = ("free_redistribution", "public_domain")
PRACTICE_LICENCES = ("practice_licensed", "permission_letter")
LICENCES = (*FREE_LICENCES, *PRACTICE_LICENCES, "unknown")


class BadDefinition(Exception):
    """The JSON does not describe an instrument; the text says what is wrong with it."""


@dataclass(frozen=True)
class Option:
    value: int
    label: str
    code: str = ""


@dataclass(frozen=True)
class Item:
    """One question. It is answered by one of ``options``; a 0-10 rating also names its two ``ends``."""

    link_id: str
    text: str
    short: str
    stem: str
    loinc: str
    options: tuple[Option, ...]
    ends: tuple[str, str] | None
    is_scored: bool
    shown_if_any: tuple[str, ...]

    @cached_property
    def values(self) -> frozenset[int]:
        return frozenset(option.value for option in self.options)

    def label_of(self, value: int | None) -> str:
        """The words of an answer; for a rating the number itself."""
        return next((option.label for option in self.options if option.value == value), "")


@dataclass(frozen=True)
class Scale:
    id: str
    method: str
    items: tuple[str, ...]
    max_missing: int
    prorates: bool
    decimals: int


@dataclass(frozen=True)
class Band:
    scale: str
    low: int
    high: int
    label: str


@dataclass(frozen=True)
class ChangeRule:
    """When a difference means something: ``mid`` and ``reliable`` are in units of the integer that is compared."""

    scale: str
    mid: int | None
    reliable: int | None
    substantial_pct: int | None


@dataclass(frozen=True)
class AlertRule:
    """One line of ``alerts``. ``kind`` is item_at_least, item_missing, score_at_least or score_rise."""

    when: str
    tier: str
    on: str
    kind: str
    subject: str
    threshold: int


@dataclass(frozen=True)
class Definition:
    slug: str
    version: str
    language: str
    title: str
    patient_title: str
    minutes: int
    licence: Mapping[str, Any]
    loinc: Mapping[str, str]
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    bands: tuple[Band, ...]
    changes: tuple[ChangeRule, ...]
    alerts: tuple[AlertRule, ...]
    caveat: str
    schedule: tuple[str, ...]

    @cached_property
    def by_id(self) -> dict[str, Item]:
        return {item.link_id: item for item in self.items}

    @property
    def scale(self) -> Scale:
        """The scale whose score stands for the whole."""
        return self.scales[0]

    @property
    def is_risk_bearing(self) -> bool:
        """Whether an answer alone can raise an alert, so that somebody must be there to see it (clinical.md 7.3)."""
        return any(rule.on == "save" for rule in self.alerts)

    @property
    def attribution(self) -> str:
        return " ".join([self.licence["attribution"], *self.licence.get("citations", [])])

    def shown(self, answers: Mapping[str, int | None]) -> list[Item]:
        """The items a person meets, given the answers so far: a follow-up hides until an answer calls for it."""
        return [item for item in self.items if is_shown(item, answers)]


def is_shown(item: Item, answers: Mapping[str, int | None]) -> bool:
    return not item.shown_if_any or any((answers.get(link_id) or 0) > 0 for link_id in item.shown_if_any)


WHEN = (
    ("item_at_least", re.compile(r"item:(?P<subject>[\w-]+) >= (?P<threshold>\d+)")),
    ("item_missing", re.compile(r"item:(?P<subject>[\w-]+) is missing and status == submitted")),
    ("score_at_least", re.compile(r"(?P<subject>\w+) >= (?P<threshold>\d+)")),
    ("score_rise", re.compile(r"(?P<subject>\w+) - previous >= (?P<threshold>\d+)")),
    ("score_rise", re.compile(r"sum\((?P<subject>\w+)\) - previous >= (?P<threshold>\d+)")),
)


def alert_rule(line: Mapping[str, str]) -> AlertRule:
    """Read one alert line. A rise of a mean is written ``sum(scale)``: sums of items are compared, never means."""
    for kind, pattern in WHEN:
        if found := pattern.fullmatch(line["when"]):
            parts = found.groupdict()
            return AlertRule(
                line["when"], line["tier"], line["on"], kind, parts["subject"], int(parts.get("threshold") or 0)
            )
    raise BadDefinition(f"No alert rule is written {line['when']!r}.")


def options_of(body: Mapping[str, Any], item: Mapping[str, Any]) -> tuple[Option, ...]:
    if span := item.get("range"):
        return tuple(Option(value, str(value)) for value in range(span["min"], span["max"] + 1))
    return tuple(Option(o["value"], o["label"], o.get("code", "")) for o in item.get("options", body["options"]))


def read_item(body: Mapping[str, Any], item: Mapping[str, Any]) -> Item:
    span = item.get("range")
    return Item(
        link_id=item["link_id"],
        text=item["text"],
        short=item["short"],
        stem=item.get("stem", body["stem"]),
        loinc=item.get("loinc", ""),
        options=options_of(body, item),
        ends=(span["low"], span["high"]) if span else None,
        is_scored=item.get("scored", True),
        shown_if_any=tuple(item.get("shown_if_any_above_zero", ())),
    )


def parse(body: Mapping[str, Any]) -> Definition:
    """Read the JSON of one version. Raises :class:`BadDefinition`, also for a method that has no code."""
    try:
        definition = Definition(
            slug=body["slug"],
            version=body["version"],
            language=body["language"],
            title=body["title"],
            patient_title=body["patient_title"],
            minutes=body["minutes"],
            licence=body["licence"],
            loinc=body["loinc"],
            items=tuple(read_item(body, item) for item in body["items"]),
            scales=tuple(
                Scale(s["id"], s["method"], tuple(s["items"]), s["max_missing"], s["prorate"], s["decimals"])
                for s in body["scales"]
            ),
            bands=tuple(Band(b["scale"], b["from"], b["to"], b["label"]) for b in body["bands"]),
            changes=tuple(
                ChangeRule(c["scale"], c.get("mid_abs") or c.get("mid_sum"), c["reliable_abs"], c["substantial_pct"])
                for c in body["change"]
            ),
            alerts=tuple(alert_rule(line) for line in body["alerts"]),
            caveat=body["caveat"],
            schedule=tuple(body["schedule"]["default"]),
        )
    except (KeyError, TypeError) as problem:
        raise BadDefinition(f"Missing or malformed: {problem}") from problem
    check(definition)
    return definition


def check(definition: Definition) -> None:
    """What must fit together inside one definition. Raises :class:`BadDefinition`."""
    known = set(definition.by_id)
    scales = {scale.id for scale in definition.scales}
    named = {i for scale in definition.scales for i in scale.items}
    named |= {i for item in definition.items for i in item.shown_if_any}
    named |= {rule.subject for rule in definition.alerts if rule.kind.startswith("item")}
    named_scales = {band.scale for band in definition.bands} | {rule.scale for rule in definition.changes}
    named_scales |= {rule.subject for rule in definition.alerts if rule.kind.startswith("score")}
    problems = [
        (len(known) != len(definition.items), "Two items share an id."),
        (bool(named - known), f"Unknown items: {sorted(named - known)}"),
        (not scales or bool(named_scales - scales), f"Unknown scales: {sorted(named_scales - scales)}"),
        (any(s.method not in METHODS for s in definition.scales), "A scale names a method that has no code."),
        (
            any(r.tier not in TIERS or r.on not in ("save", "submit") for r in definition.alerts),
            "Unknown tier or time.",
        ),
        (definition.licence.get("status") not in LICENCES, "Unknown licence status."),
        (any(not item.options for item in definition.items), "An item without answers."),
        (any(len(item.values) != len(item.options) for item in definition.items), "Two answers share a value."),
    ]
    for is_wrong, message in problems:
        if is_wrong:
            raise BadDefinition(message)


def licence_problem(definition: Definition, today: dt.date) -> str:
    """Why the licence does not allow this version to be activated today; empty when it does (clinical.md 2.5)."""
    licence = definition.licence
    if licence["status"] == "unknown":
        return "No licence basis is recorded."
    if licence["status"] in PRACTICE_LICENCES:
        if not all(licence.get(key) for key in ("holder", "scope", "starts_on", "expires_on", "permission_document")):
            return "A practice licence needs its holder, scope, start, expiry and document."
        if not dt.date.fromisoformat(licence["starts_on"]) <= today <= dt.date.fromisoformat(licence["expires_on"]):
            return "The licence is not valid today."
    return ""
