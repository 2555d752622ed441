"""Which alert rules an answer or a finished questionnaire sets off (clinical.md 2.5, 7.3). Pure, and never a diagnosis.

Rules on ``save`` look at one answer the moment it is stored, whoever stored it; rules on ``submit`` look at the whole.
"""

from __future__ import annotations

from intake.definition import AlertRule, Definition
from intake.scoring import Answers, score


def on_save(definition: Definition, link_id: str, value: int | None) -> list[AlertRule]:
    """The rules that this one answer sets off."""
    return [
        rule
        for rule in definition.alerts
        if rule.on == "save"
        and rule.kind == "item_at_least"
        and rule.subject == link_id
        and value is not None
        and value >= rule.threshold
    ]


def on_submit(definition: Definition, answers: Answers, previous: int | None) -> list[AlertRule]:
    """The rules a finished questionnaire sets off. ``previous`` is the integer compared in the one before, if any."""
    return [rule for rule in definition.alerts if rule.on == "submit" and applies(rule, definition, answers, previous)]


def applies(rule: AlertRule, definition: Definition, answers: Answers, previous: int | None) -> bool:
    if rule.kind == "item_missing":
        return answers.get(rule.subject) is None
    if rule.kind == "item_at_least":
        return (answers.get(rule.subject) or 0) >= rule.threshold
    scale = next(scale for scale in definition.scales if scale.id == rule.subject)
    found = score(definition, answers, scale)
    if found is None:
        return False
    if rule.kind == "score_at_least":
        return found.compared >= rule.threshold
    return previous is not None and found.compared - previous >= rule.threshold
