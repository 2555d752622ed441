"""A risk check is acted on when it is saved, in whatever window it was typed (clinical.md 0.3 rule 2, 5.1, 7.3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import alerts
from intake.models import RiskAlert, RiskTrigger
from sessions import drafts, notes
from sessions.models import ProgressNote
from tests.sessions.conftest import written

ASSESSMENT = {
    "ideation": "passive",
    "plan": "no",
    "intent": "no",
    "means_access": "no",
    "past_attempts": "no",
    "harm_to_others": "no",
    "judgement": "low",
    "steps": ["more_contact"],
    "next_contact_on": timezone.localdate() + timedelta(days=2),
}


def save(note, content, version=None, window=""):
    version = note.version if version is None else version
    return drafts.save_draft(by=note.author, note=note, content=content, version=version, window=window)


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        ({"risk_suicide": "none", "risk_others": "none", "risk_abuse": "none"}, None),
        ({"risk_suicide": "passive"}, "R1"),
        ({"risk_suicide": "active", "risk_plan": "no", "risk_intent": "no"}, "R1"),
        ({"risk_suicide": "active", "risk_plan": "yes"}, "R0"),
        ({"risk_others": "some"}, "R1"),
        ({"risk_abuse": "concern"}, "R1"),
    ],
)
def test_a_risk_check_is_acted_on_when_it_is_saved(draft, answers, tier):
    save(draft, answers)
    assert [alert.tier for alert in RiskAlert.objects.all()] == ([tier] if tier else [])


def test_the_responders_are_told_once_a_tier_and_never_untold(draft):
    note = save(draft, {"risk_suicide": "passive"})
    note = save(note, {"risk_suicide": "passive", "did": "More text"})
    note = save(note, {"risk_suicide": "active", "risk_intent": "yes"})
    save(note, {"risk_suicide": "none"})
    assert sorted(RiskTrigger.objects.values_list("alert__tier", "alert__state")) == [("R0", "open"), ("R1", "open")]


def test_a_risk_answer_in_a_window_that_came_too_late_is_heeded_at_once(draft):
    save(draft, {"did": "First window"}, version=0, window="a")
    for text in ("Second", "Second, longer"):
        with pytest.raises(drafts.StaleVersion):
            save(draft, {"did": text, "risk_suicide": "passive"}, version=0, window="b")
    assert [alert.tier for alert in RiskAlert.objects.all()] == ["R1"]
    assert RiskTrigger.objects.count() == 1
    note = ProgressNote.objects.get(pk=draft.pk)
    assert (note.content, note.risk_told) == ({"did": "First window"}, "R1")


def test_a_risk_answer_in_a_window_of_a_note_signed_meanwhile_is_told_at_once_and_once(signed_note):
    for text in ("Typed late", "Typed late, longer"):
        with pytest.raises(drafts.NoteLocked):
            save(signed_note, {"did": text, "risk_suicide": "passive"}, version=0, window="b")
    assert [alert.tier for alert in RiskAlert.objects.all()] == ["R1"]
    assert RiskTrigger.objects.count() == 1
    with pytest.raises(drafts.NoteLocked):
        save(signed_note, {"risk_suicide": "active", "risk_plan": "yes"}, version=0, window="b")
    assert sorted(alert.tier for alert in RiskAlert.objects.all()) == ["R0", "R1"]
    assert ProgressNote.objects.get(pk=signed_note.pk).content["risk_suicide"] == "none"


def test_what_a_note_told_before_its_signature_is_not_told_again_by_a_late_window(session, therapist):
    note = written(session, risk_others="some")
    note = written(session)
    notes.sign(by=therapist, note=note, version=note.version)
    with pytest.raises(drafts.NoteLocked):
        save(note, {"risk_others": "some"}, version=0, window="b")
    assert RiskTrigger.objects.count() == 1


def test_a_late_risk_answer_is_told_anew_where_the_alert_of_the_last_one_is_closed(signed_note, therapist):
    for _window in range(2):
        with pytest.raises(drafts.NoteLocked):
            save(signed_note, {"risk_suicide": "passive"}, version=0, window="b")
        alert = alerts.open_alerts(signed_note.patient).get()
        alerts.assess(by=therapist, alert=alert, **ASSESSMENT)
        alerts.close(by=therapist, alert=alert, outcome="safe_plan", words="Plan agreed", signature=therapist.name)
    assert RiskAlert.objects.count() == 2


def test_the_structured_form_opens_the_way_to_the_signature(session, therapist):
    note = written(
        session, risk_suicide="passive", risk_plan="no", risk_intent="no", risk_means="no", risk_attempt="no"
    )
    assert [problem.key for problem in notes.left(note)] == ["risk_form"]
    alerts.assess(by=therapist, alert=RiskAlert.objects.get(), **ASSESSMENT)
    assert notes.left(note) == []
