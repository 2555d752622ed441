"""Scores, bands and changes of an instrument (clinical.md 2.2, 2.5). Pure: no database, no floats.

A prorated total is rounded half up to an integer first, and that integer meets bands and alerts. A mean is never
compared: sums of items are. ``None`` stands for a missing answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from intake.band_words import band_words
from intake.definition import ChangeRule, Definition, Item, Scale

Answers = Mapping[str, int | None]


class AnswerRejected(ValueError):
    """Not an answer this item offers; nothing may be stored."""


def checked(item: Item, value: object) -> int:
    """``value`` as one of the item's answers. Raises :class:`AnswerRejected` for 4, 1.5, "2 " or True (vector T20)."""
    if type(value) is not int or value not in item.values:
        raise AnswerRejected(item.link_id)
    return value


@dataclass(frozen=True)
class Score:
    """One scale of one response. ``compared`` is the integer that bands, changes and alerts look at.

    It is the total, prorated where the rule allows, or for a mean the sum of its items. ``value`` is what is printed.
    """

    scale: str
    compared: int
    value: Fraction
    decimals: int
    band: str
    missing: int
    is_prorated: bool

    @property
    def printed(self) -> Decimal:
        return rounded(self.value, self.decimals)

    @property
    def band_words(self) -> str:
        return band_words(self.band)


def rounded(value: Fraction, decimals: int) -> Decimal:
    """``value`` rounded half up (away from zero) to ``decimals`` places, exactly."""
    shifted = abs(value) * 10**decimals
    whole = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    number = Decimal(whole).scaleb(-decimals)
    return (-number if value < 0 and whole else number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def score(definition: Definition, answers: Answers, scale: Scale | None = None) -> Score | None:
    """The score of one scale (the first by default), or None when too many answers are missing."""
    scale = scale or definition.scale
    given = [value for link_id in scale.items if (value := answers.get(link_id)) is not None]
    missing = len(scale.items) - len(given)
    if missing > scale.max_missing or not given:
        return None
    total = sum(given)
    if missing and scale.prorates:
        total = half_up(total * len(scale.items), len(given))
    shown = Fraction(total, len(scale.items)) if scale.method == "mean" else Fraction(total)
    band = next((b.label for b in definition.bands if b.scale == scale.id and b.low <= total <= b.high), "")
    return Score(scale.id, total, shown, scale.decimals, band, missing, is_prorated=missing > 0)


def half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded half up. Python's round() gives 4 for 4.5 and the wrong band (vector T15)."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True)
class Change:
    """From an earlier score to a later one. ``percent`` is None when the earlier one was zero (vector T44).

    ``verdict`` is improved, worse or no_clear_change, by the smallest difference that matters to a person.
    """

    difference: Fraction
    percent: Fraction | None
    verdict: str
    is_substantial: bool
    is_reliable: bool
    decimals: int

    @property
    def printed(self) -> Decimal:
        return rounded(self.difference, self.decimals)

    @property
    def printed_percent(self) -> Decimal | None:
        return None if self.percent is None else rounded(self.percent, 1)


def change(definition: Definition, before: int, after: int, scale: Scale | None = None) -> Change:
    """The change between two ``compared`` integers of one scale; lower is better in every instrument here."""
    scale = scale or definition.scale
    rule = next((r for r in definition.changes if r.scale == scale.id), ChangeRule(scale.id, None, None, None))
    step = after - before
    verdict = "no_clear_change"
    if rule.mid is not None and abs(step) >= rule.mid:
        verdict = "improved" if step < 0 else "worse"
    return Change(
        difference=Fraction(step, len(scale.items) if scale.method == "mean" else 1),
        percent=Fraction(step * 100, before) if before else None,
        verdict=verdict,
        is_substantial=rule.substantial_pct is not None and before > 0 and -step * 100 >= rule.substantial_pct * before,
        is_reliable=rule.reliable is not None and abs(step) >= rule.reliable,
        decimals=scale.decimals,
    )
