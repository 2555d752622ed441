"""Every article in the folder keeps the rules of clinical.md 0.4, 7.5, 8; a text that breaks one is refused."""

import datetime

import pytest

from education import articles, lint
from education.source import Malformed, months_after, parse

CODES = ["A01", "A02", "A03", "A15"]


@pytest.fixture(scope="module")
def texts():
    return {source.code: source for source in articles.sources()}


def test_the_four_articles_are_there(texts):
    assert sorted(texts) == CODES


@pytest.mark.parametrize("code", CODES)
def test_an_article_breaks_no_rule(texts, code):
    assert lint.problems(texts[code]) == []


@pytest.mark.parametrize("code", CODES)
def test_an_article_reads_at_grade_seven_or_lower_in_sentences_of_twenty_words_or_fewer(texts, code):
    reading = lint.read(texts[code].body)
    assert reading.grade <= 7.0
    assert reading.sentence <= 20
    assert 700 <= reading.words <= 1000


@pytest.mark.parametrize("code", CODES)
def test_the_review_is_due_after_24_months_and_for_medicines_after_12(texts, code):
    assert texts[code].review_months == (12 if code == "A15" else 24)


def test_a15_says_everything_it_must(texts):
    """The content of clinical.md 8.4, point by point, by the words that carry it."""
    said = " ".join(texts["A15"].everything_said.split())
    for words in [
        "medicine for anesthesia",
        "off-label",
        "**This practice does not give ketamine or IV fluids.**",
        "67 trials with 2,309 adults",
        "no clear benefit",
        "low or very low",
        "3.26",
        "1.05",
        "10.09",
        "CRPS",
        "12 weeks",
        "spinal cord injury",
        "Mixed nerve pain, phantom limb pain, pain after shingles, fibromyalgia",
        "cancer pain, migraine, back pain",
        "newer and more careful",
        "unreal",
        "seeing or hearing things",
        "feeling sick",
        "blood pressure",
        "drowsy",
        "bladder or liver",
        "depend on it",
        "heart disease",
        "psychosis",
        "liver disease",
        "skull or the eye",
        "drugs or alcohol",
        "pregnant",
        "compounded",
        "not FDA-approved",
        "not approved for any mental health condition",
        "esketamine",
        "one or two infusions",
        "many months",
        "suits everyone",
        "before and after",
        "package",
        "my diagnosis",
        "in numbers, and for how long",
        "can I drive",
        "full cost",
        "insurance",
        "if it does not help",
        "before, during and after",
        "Tell your therapist if you start",
        "thoughts of suicide, psychosis, mania",
        "nerve-pain medicines, injections, nerve stimulators, surgery or acupuncture",
        "Talk to a physician",
    ]:
        assert words.lower() in said.lower(), words


@pytest.mark.parametrize(
    "sentence",
    [
        "This is a breakthrough.",
        "A miracle for some.",
        "It can cure pain.",
        "This is proven.",
        "It is safe and effective.",
        "A limited time offer.",
        "Book your infusion now.",
        "Relief can last up to 11 months.",
        "You create your own pain.",
        "Think positive and move on.",
        "Stop negative thoughts at once.",
        "It is pain that does not respond to treatment.",
        "Ketamine works for migraine.",
        "CBT reduces pain.",
        "This means you have depression.",
        "You have fibromyalgia.",
        "Take 50 mg at night.",
        "Take two tablets every 4 hours.",
        "Half a pill is enough.",
        "You can stop taking your medicine.",
        "Increase the dose slowly.",
    ],
)
def test_forbidden_words_are_found(changed, sentence):
    source = changed("A03", "You set the speed.", f"You set the speed. {sentence}")
    assert [problem for problem in lint.problems(source) if problem.startswith("It may not say")]


@pytest.mark.parametrize("sentence", ["It is secure.", "The accurate word.", "Do not stop your medicine by yourself."])
def test_harmless_words_pass(sentence):
    assert lint.banned_words(sentence) == []


@pytest.mark.parametrize("part", ["reply", "lead"])
def test_forbidden_words_are_found_in_the_head_too(changed, part):
    source = changed("A03", f'{part} = "', f'{part} = "A miracle. ')
    assert lint.problems(source)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("::: action Try this: catch one thought", "", "It lacks one action box."),
        ("## What is CBT?", "## CBT in short", "It lacks headings that are questions."),
        ("[911](tel:911)", "help", "It lacks the numbers 911 and 988 in that part."),
        ('author = "The Evenkeel authors"', 'author = ""', "It lacks an author."),
        ("review_months = 24", "review_months = 36", "It lacks a review within 24 months."),
        ("[R7]", "", "R7 is listed but not cited in the text."),
        ("[R7]", "[R2]", "R2 is cited but not listed."),
        ('key = "R7"', 'key = "R2"', "R2 is not on the list of checked references."),
        ("right = true", "right = false", "Its self-check is not two questions with one right answer each."),
    ],
)
def test_an_incomplete_text_is_refused(changed, old, new, problem):
    assert problem in lint.problems(changed("A03", old, new))


def test_a_hard_text_is_refused(changed):
    hard = "Biopsychosocial conceptualizations necessitate multidimensional rehabilitation opportunities " * 200
    found = lint.problems(changed("A03", "You set the speed.", hard + "."))
    assert any("US grade" in problem for problem in found)
    assert any("words on average" in problem for problem in found)


def test_a_text_on_medicines_is_reviewed_every_year(changed):
    assert "It lacks a review within 12 months." in lint.problems(
        changed("A15", "review_months = 12", "review_months = 24")
    )


@pytest.mark.parametrize(
    ("word", "spoken"),
    [
        ("pain", 1),
        ("therapy", 3),
        ("called", 1),
        ("needed", 2),
        ("times", 1),
        ("courses", 2),
        ("careful", 2),
        ("table", 2),
        ("while", 1),
        ("doesn't", 2),
        ("don't", 1),
        ("therapist's", 3),
        ("2,309", 4),
        ("review", 2),
        ("experience", 4),
        ("activities", 4),
        ("studies", 2),
        ("being", 2),
        ("treatment", 2),
        ("quicker", 2),
        ("anything", 3),
    ],
)
def test_syllables(word, spoken):
    assert lint.syllables(word) == spoken


def test_a_list_item_and_a_paragraph_end_their_own_sentence():
    assert lint.prose_of("## Why?\n\nOne two. Three\nfour.\n\n- five\n- six\n") == [
        "One two.",
        "Three four.",
        "five",
        "six",
    ]


def test_months_end_on_the_last_day_of_a_shorter_month():
    assert months_after(datetime.date(2024, 2, 29), 12) == datetime.date(2025, 2, 28)
    assert months_after(datetime.date(2026, 9, 14), 24) == datetime.date(2028, 9, 14)


@pytest.mark.parametrize("text", ["no head", "+++\nnot toml\n+++\nbody", '+++\ncode = "A99"\n+++\nbody'])
def test_a_file_that_cannot_be_read_says_so(text):
    with pytest.raises(Malformed):
        parse(text)
