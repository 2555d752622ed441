"""What intake never says: no diagnosis, no risk level, nothing clinical in messages and logs (clinical.md 0.3, 7.5)."""

import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from intake import alerts, consent, instrument
from intake.band_words import BANDS, band_words
from intake.messages import KINDS, task_words
from intake.models import RiskAlert, RiskTrigger
from practice.models import Message, Practice
from practice.outbox import NotWanted
from tests.intake.conftest import answered
from tests.intake.test_alerts import FOUND

FOR_PATIENTS = ("measure", "crisis", "registration", "consent")
NEVER = ("you have depression", "you are depressed", "high risk", "at risk", "diagnosed", "suicidal", "your score is")
CLINICAL = ("pain", "depress", "risk", "alert", "suicid", "phq", "peg", "therap", "crisis", "score")


def patient_templates():
    folder = settings.BASE_DIR / "templates" / "intake"
    return [path for name in FOR_PATIENTS for path in sorted((folder / name).glob("*.html"))]


@pytest.mark.parametrize("path", patient_templates(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_patients_page_names_no_disorder_and_no_risk_level(path):
    text = path.read_text(encoding="utf-8").lower()
    assert [words for words in NEVER if words in text] == []


@pytest.mark.parametrize("path", sorted(consent.FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_a_consent_text_promises_no_result(path):
    text = path.read_text(encoding="utf-8").lower()
    assert not re.search(r"\b(cure|guarantee|proven|always works)", text)


def test_the_task_mail_names_nobody_and_nothing(patient, phq, therapist):
    answered(patient, phq, [0] * 8 + [1])
    message = Message.objects.filter(kind="task").first()
    words = task_words(message, RiskTrigger.objects.first(), Practice.objects.get())
    subject = render_to_string("emails/task-subject.txt", words).strip()
    assert subject == "A task needs your attention in Evenkeel"
    for name in ("emails/task-subject.txt", "emails/task-body.txt", "emails/task-body.html"):
        text = re.sub(r"<style>.*?</style>", "", render_to_string(name, words), flags=re.S).lower()
        assert [word for word in (*CLINICAL, "rosa", "meier") if word in text] == []


def test_a_closed_alert_needs_no_mail_any_more(patient, phq, supervisor):
    answered(patient, phq, [0] * 8 + [1])
    alert = RiskAlert.objects.get()
    alerts.assess(by=supervisor, alert=alert, **(FOUND | {"steps": ["emergency"]}))
    alerts.close(by=supervisor, alert=alert, outcome="emergency", words="Handed over.", signature=supervisor.name)
    message = Message.objects.filter(kind="task").first()
    kind = KINDS["task"]
    with pytest.raises(NotWanted):
        kind.still_wanted(message, kind.rows([message.about_id])[message.about_id])


def test_every_band_of_a_shipped_instrument_has_words_that_follow_the_reader(monkeypatch):
    assert {band["label"] for body in instrument.bodies() for band in body["bands"]} == set(BANDS)
    catalogue = translation.trans_real.translation("fr")._catalog._catalogs[-1]
    monkeypatch.setitem(catalogue, "moderately severe", "assez grave")
    with translation.override("fr"):
        assert band_words("moderately severe") == "assez grave"
    assert band_words("of the practice's own") == "of the practice's own"


def test_nothing_asks_for_an_answer_to_a_text_message_that_nobody_receives():
    """No gateway of this release receives (docs/decisions/0008); the way out that is named is one that works."""
    folders = [settings.BASE_DIR / name for name in ("practice", "intake", "education", "sessions", "templates")]
    sources = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".html", ".txt", ".md")
    ]
    asking = re.compile(r"\b(reply|text|answer) (STOP|Y|CANCEL|END|QUIT)\b", re.I)
    assert [path.name for path in sources if asking.search(path.read_text(encoding="utf-8"))] == []
    sms = next(words for words in map(consent.read, consent.FOLDER.glob("*.md")) if words.type == "SMS")
    assert sms.version == 2
    assert "call the clinic or take back this agreement" in sms.body
