"""Scores and alerts of PEG and PHQ-9: the vectors of clinical.md 2.6, without a database."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake import alert_rules
from intake.definition import BadDefinition, Definition, alert_rule, licence_problem, parse
from intake.instrument import bodies
from intake.scoring import AnswerRejected, change, checked, half_up, rounded, score

DEFINITIONS = {body["slug"]: parse(body) for body in bodies()}
PHQ, PEG = DEFINITIONS["phq-9"], DEFINITIONS["peg"]
_ = None


def answers(definition: Definition, values) -> dict[str, int | None]:
    return dict(zip(definition.scale.items, values, strict=True))


def flags(definition: Definition, values, previous: int | None = None) -> list[str]:
    """The tiers that saving each answer and then submitting sets off, in that order."""
    given_answers = answers(definition, values)
    saved = [
        rule.tier for item, value in given_answers.items() for rule in alert_rules.on_save(definition, item, value)
    ]
    return saved + [rule.tier for rule in alert_rules.on_submit(definition, given_answers, previous)]


# name: input, total, band, tiers, missing
PHQ_VECTORS = {
    "T1": ([0] * 9, 0, "minimal", [], 0),
    "T2": ([1, 1, 1, 1, 0, 0, 0, 0, 0], 4, "minimal", [], 0),
    "T3": ([1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild", [], 0),
    "T4": ([2, 2, 2, 2, 1, 0, 0, 0, 0], 9, "mild", [], 0),
    "T5": ([2, 2, 2, 2, 2, 0, 0, 0, 0], 10, "moderate", [], 0),
    "T6": ([2, 2, 2, 2, 2, 2, 2, 0, 0], 14, "moderate", [], 0),
    "T7": ([2, 2, 2, 2, 2, 2, 2, 1, 0], 15, "moderately severe", [], 0),
    "T8": ([3, 3, 3, 2, 2, 2, 2, 2, 0], 19, "moderately severe", [], 0),
    "T9": ([3, 3, 3, 3, 2, 2, 2, 2, 0], 20, "severe", ["R2"], 0),
    "T10": ([3] * 9, 27, "severe", ["R1", "R2"], 0),
    "T11": ([1] * 9, 9, "mild", ["R1"], 0),
    "T12": ([0, 0, 0, 0, 0, 0, 0, 0, 1], 1, "minimal", ["R1"], 0),
    "T13": ([1, 2, _, 2, 1, 1, 1, 1, 0], 10, "moderate", [], 1),
    "T14": ([2, 1, _, _, 2, 1, 1, 1, 0], 10, "moderate", [], 2),
    "T15": ([1, 1, 1, 1, 0, 0, 0, _, 0], 5, "mild", [], 1),
    "T16": ([2, 2, _, _, _, 1, 1, 1, 0], None, "", [], 3),
    "T17": ([2, 2, _, _, _, 1, 1, 1, 1], None, "", ["R1"], 3),
    "T18": ([1, 1, 1, 1, 1, 1, 1, 1, _], 9, "mild", ["R3"], 1),
    "T21": ([_] * 9, None, "", ["R3"], 9),
}


@pytest.mark.parametrize("name", PHQ_VECTORS)
def test_phq_9(name):
    values, total, band, tiers, missing = PHQ_VECTORS[name]
    found = score(PHQ, answers(PHQ, values))
    assert (found and found.compared, found.band if found else "") == (total, band)
    if found:
        assert (found.missing, found.is_prorated) == (missing, missing > 0)
    assert flags(PHQ, values) == tiers


def test_t1_hides_the_function_item_and_any_answer_above_zero_shows_it():
    assert [item.link_id for item in PHQ.shown(answers(PHQ, [0] * 9))] == list(PHQ.scale.items)
    assert PHQ.shown(answers(PHQ, [0] * 8 + [1]))[-1].link_id == "phq9-function"


def test_t19_a_risk_answer_alone_sets_off_its_rule_without_any_total():
    assert [rule.tier for rule in alert_rules.on_save(PHQ, "phq9-9", 2)] == ["R1"]
    assert alert_rules.on_save(PHQ, "phq9-9", 0) == []
    assert alert_rules.on_save(PHQ, "phq9-9", None) == []
    assert alert_rules.on_save(PHQ, "phq9-8", 3) == []


@pytest.mark.parametrize("value", [4, -1, 1.5, "2 ", "2", True, None, 10])
def test_t20_what_an_item_does_not_offer_is_rejected(value):
    with pytest.raises(AnswerRejected):
        checked(PHQ.by_id["phq9-3"], value)


def test_t23_a_rise_of_five_is_worsening_and_four_is_not():
    thirteen, twelve = [2, 2, 2, 2, 2, 2, 1, 0, 0], [2, 2, 2, 2, 2, 2, 0, 0, 0]
    assert flags(PHQ, thirteen, previous=8) == ["R3"]
    assert flags(PHQ, twelve, previous=8) == []
    assert flags(PHQ, thirteen) == []


def test_a_prorated_integer_meets_the_rise_rule():
    assert flags(PHQ, [1, 1, 1, 1, 0, 0, 0, _, 0], previous=0) == ["R3"]


PEG_VECTORS = {
    "T34 low": ([0, 0, 0], "0.0"),
    "T34 high": ([10, 10, 10], "10.0"),
    "T35 a": ([6, 7, 5], "6.0"),
    "T35 b": ([6, 7, 4], "5.7"),
    "T35 c": ([1, 2, 2], "1.7"),
    "T36": ([7, _, 5], None),
}


@pytest.mark.parametrize("name", PEG_VECTORS)
def test_peg(name):
    values, printed = PEG_VECTORS[name]
    found = score(PEG, answers(PEG, values))
    assert (found and found.printed) == (printed and Decimal(printed))
    assert found is None or found.band == ""


# name: before, after, difference, percent, verdict, substantial
PEG_CHANGES = {
    "T37": ([7, 7, 7], [6, 6, 6], "-1.0", "-14.3", "improved", False),
    "T38": ([7, 7, 7], [5, 5, 5], "-2.0", "-28.6", "improved", False),
    "T39": ([7, 7, 7], [5, 5, 4], "-2.3", "-33.3", "improved", True),
    "T40": ([7, 7, 6], [5, 5, 4], "-2.0", "-30.0", "improved", True),
    "T41": ([3, 3, 2], [2, 2, 1], "-1.0", "-37.5", "improved", True),
    "T42": ([7, 7, 6], [6, 7, 5], "-0.7", "-10.0", "no_clear_change", False),
    "T43": ([5, 5, 5], [6, 6, 6], "1.0", "20.0", "worse", False),
    "T44": ([0, 0, 0], [2, 2, 2], "2.0", None, "worse", False),
}


@pytest.mark.parametrize("name", PEG_CHANGES)
def test_peg_change(name):
    before, after, difference, percent, verdict, substantial = PEG_CHANGES[name]
    moved = change(PEG, sum(before), sum(after))
    assert moved.printed == Decimal(difference)
    assert moved.printed_percent == (percent and Decimal(percent))
    assert (moved.verdict, moved.is_substantial) == (verdict, substantial)


@pytest.mark.parametrize(("before", "after"), [(8, 5), (13, 10), (26, 23)])
def test_a_mean_change_of_one_is_found_where_binary_floats_miss_it(before, after):
    assert change(PEG, before, after).verdict == "improved"


def test_t43_a_peg_that_worsens_by_one_is_a_note_for_the_therapist():
    assert flags(PEG, [6, 6, 6], previous=15) == ["R4"]
    assert flags(PEG, [6, 6, 5], previous=15) == []
    assert flags(PEG, [2, 2, 2], previous=0) == ["R4"]


def test_a_phq_9_change_of_five_matters_and_of_six_is_reliable():
    assert [change(PHQ, 15, after).verdict for after in (11, 10, 9)] == ["no_clear_change", "improved", "improved"]
    assert [change(PHQ, 15, after).is_reliable for after in (10, 9)] == [False, True]


# -- Properties -------------------------------------------------------------------------------------------------------
# A busy machine is no fault of a score: only the answers count here, not how fast they are drawn.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
phq_values = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=9, max_size=9)
peg_values = st.lists(st.integers(0, 10), min_size=3, max_size=3)


@patiently
@given(phq_values)
def test_a_total_exists_with_at_most_two_missing_lies_in_its_band_and_item_nine_always_alerts(values):
    found = score(PHQ, answers(PHQ, values))
    assert (found is None) == (values.count(None) > 2)
    if found:
        assert 0 <= found.compared <= 27
        assert [b.label for b in PHQ.bands if b.low <= found.compared <= b.high] == [found.band]
        assert ("R2" in flags(PHQ, values)) == (found.compared >= 20)
    assert ("R1" in flags(PHQ, values)) == bool(values[8])
    assert ("R3" in flags(PHQ, values)) == (values[8] is None)


@patiently
@given(peg_values, peg_values)
def test_peg_changes_agree_with_exact_fractions(before, after):
    moved = change(PEG, sum(before), sum(after))
    exact = Fraction(sum(after), 3) - Fraction(sum(before), 3)
    assert moved.difference == exact
    assert (moved.verdict == "improved") == (exact <= -1)
    assert (moved.verdict == "worse") == (exact >= 1)
    assert moved.is_substantial == (sum(before) > 0 and sum(after) * 10 <= sum(before) * 7)


@patiently
@given(st.integers(0, 1000), st.integers(1, 9))
def test_half_up_never_rounds_a_half_down(numerator, denominator):
    assert half_up(numerator, denominator) == int(Fraction(numerator, denominator) + Fraction(1, 2))
    assert rounded(Fraction(numerator, denominator), 0) == half_up(numerator, denominator)


# -- The data itself --------------------------------------------------------------------------------------------------
def loinc_codes() -> list[str]:
    found = []
    for definition in DEFINITIONS.values():
        found += definition.loinc.values()
        found += [item.loinc for item in definition.items]
        found += [option.code for item in definition.items for option in item.options if option.code]
    return sorted(set(found))


@pytest.mark.parametrize("code", loinc_codes())
def test_a_stored_loinc_code_has_its_mod_10_check_digit(code):
    body, _dash, check = code.partition("-")
    # Characters count as their ASCII code less 48, so that the answer codes' letters take part in the check.
    numbers = [ord(character) - 48 for character in reversed(body)]
    total = sum(n if place % 2 else 2 * n - n // 5 * 9 for place, n in enumerate(numbers))
    assert int(check) == -total % 10


def test_every_edition_that_ships_names_its_licence_attribution_and_source():
    for definition in DEFINITIONS.values():
        assert definition.licence["status"] in ("free_redistribution", "public_domain")
        assert definition.licence["attribution"]
        assert definition.licence["source_url"]
        assert definition.licence["checked_on"]


def test_the_wording_the_owners_fixed_stands_letter_by_letter():
    assert PHQ.items[0].stem == (
        "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
    )
    assert PHQ.by_id["phq9-9"].text == "Thoughts that you would be better off dead or of hurting yourself in some way"
    assert [option.label for option in PHQ.items[0].options] == [
        "Not at all", "Several days", "More than half the days", "Nearly every day",
    ]  # fmt: skip
    assert PHQ.licence["attribution"].endswith("No permission required to reproduce, translate, display or distribute.")
    assert PEG.items[0].ends == ("No pain", "Pain as bad as you can imagine")
    assert {item.ends for item in PEG.items[1:]} == {("Does not interfere", "Completely interferes")}


def test_bands_cover_every_total_once():
    covered = [total for band in PHQ.bands for total in range(band.low, band.high + 1)]
    assert covered == list(range(28))


@pytest.mark.parametrize("when", ["__import__('os')", "total > 3", "item:phq9-9 == 1", "total >= x", ""])
def test_an_alert_rule_outside_the_grammar_is_refused(when):
    with pytest.raises(BadDefinition):
        alert_rule({"when": when, "tier": "R1", "on": "save"})


def broken(change):
    body = next(body for body in bodies() if body["slug"] == "phq-9")
    change(body)
    return body


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("items"),
        lambda body: body["scales"][0].update(method="secret"),
        lambda body: body["scales"][0]["items"].append("phq9-10"),
        lambda body: body["bands"][0].update(scale="other"),
        lambda body: body["alerts"][0].update(tier="R9"),
        lambda body: body["licence"].update(status="free for clinicians"),
        lambda body: body["items"][0].update(link_id="phq9-2"),
    ],
)
def test_a_definition_that_does_not_fit_together_is_refused(change):
    with pytest.raises(BadDefinition):
        parse(broken(change))


def test_the_licence_gate_asks_a_practice_licence_for_everything_and_for_today():
    today = date(2026, 5, 12)
    full = {
        "status": "practice_licensed",
        "holder": "Tern Bay Clinic",
        "scope": "six therapists",
        "starts_on": "2026-01-01",
        "expires_on": "2026-12-31",
        "permission_document": "letter.pdf",
    }

    def problem(**fields):
        return licence_problem(parse(broken(lambda body: body["licence"].update(full | fields))), today)

    assert problem() == ""
    assert problem(status="unknown") != ""
    assert problem(permission_document=None) != ""
    assert problem(expires_on="2026-05-11") != ""
    assert problem(starts_on="2026-05-13") != ""
