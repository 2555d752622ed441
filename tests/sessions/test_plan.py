"""Course templates and code systems as data: complete, and true to the specification."""

import pytest
from django.utils import translation

from sessions import note_words, plan
from sessions.forms.course import CourseForm
from sessions.plan_words import CHOOSING_WORDS, INTERVENTION_WORDS, MODULE_WORDS


@pytest.mark.parametrize("code", ["10", "12", "16", "20"])
def test_every_variant_covers_each_of_the_eleven_components(code):
    assert plan.templates()[code].components == set(plan.COMPONENTS)


@pytest.mark.parametrize("code", ["10", "12", "16", "20"])
def test_a_template_has_as_many_sessions_as_its_name_says_and_known_modules(code):
    template = plan.templates()[code]
    assert [session.position for session in template.sessions] == list(range(1, int(code) + 1))
    assert {module for session in template.sessions for module in session.modules} <= plan.modules().keys()
    assert template.sessions[0].modules == ("ASSESS",)
    assert template.sessions[-1].modules[-1] == plan.ENDING
    assert [session.is_review for session in template.sessions].count(True) == 1


def test_the_mid_course_review_stands_where_the_specification_puts_it():
    reviews = {
        code: next(session.position for session in template.sessions if session.is_review)
        for code, template in plan.templates().items()
    }
    assert reviews == {"10": 5, "12": 6, "16": 8, "20": 10}


def test_short_variants_have_no_own_slot_for_three_modules():
    for code in ("10", "12"):
        held = {module for session in plan.templates()[code].sessions for module in session.modules}
        assert held.isdisjoint({"PEDU2", "ACT2", "MED"})


def test_there_are_31_modules_and_58_interventions_with_unique_codes():
    assert len(plan.read("modules")) == len(plan.modules()) == 31
    assert len(plan.interventions()) == 58


def test_a_module_names_only_interventions_that_exist():
    named = {code for module in plan.modules().values() for code in module.interventions}
    assert named <= plan.interventions().keys()


def test_topics_for_the_patient_name_at_most_two_things():
    assert plan.patient_topic(["GOAL"]) == "what matters to you, and one small first step"
    assert plan.patient_topic(["COMM", "SOCIAL", "COPE"]).startswith("saying what you need, and the people")


def test_what_people_read_of_a_module_is_collected_for_translation_and_translated(monkeypatch):
    known = plan.modules().values()
    assert set(MODULE_WORDS) == {words for each in known for words in (each.english_title, each.english_patient_words)}
    goal = plan.modules()["GOAL"]
    catalogue = translation.trans_real.translation("fr")._catalog._catalogs[-1]
    monkeypatch.setitem(catalogue, goal.english_title, "Valeurs et buts")
    monkeypatch.setitem(catalogue, goal.english_patient_words, "ce qui compte pour vous")
    with translation.override("fr"):
        assert goal.title == "Valeurs et buts"
        assert plan.patient_topic(["GOAL"]) == "ce qui compte pour vous"


def test_what_people_read_of_interventions_and_templates_is_collected_for_translation_and_translated(monkeypatch):
    known = plan.interventions().values()
    assert set(INTERVENTION_WORDS) == {words for each in known for words in (each.english_label, each.english_group)}
    assert set(CHOOSING_WORDS) == {template.english_choose_when for template in plan.templates().values()}
    pausing, shortest = plan.interventions()["COG-PAUSE"], plan.templates()["10"]
    catalogue = translation.trans_real.translation("fr")._catalog._catalogs[-1]
    for english, french in (
        (pausing.english_label, "Faire une pause"),
        (pausing.english_group, "Pensées"),
        (shortest.english_choose_when, "But clair, peu de détresse."),
    ):
        monkeypatch.setitem(catalogue, english, french)
    with translation.override("fr"):
        assert (pausing.label, pausing.group) == ("Faire une pause", "Pensées")
        assert CourseForm()["template"].field.widget.notes["10"] == "But clair, peu de détresse."
        assert note_words.shown("interventions", ["COG-PAUSE"]) == "Faire une pause"
