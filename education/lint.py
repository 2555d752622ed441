"""What a text must be before it may be published (clinical.md 0.4, 7.5, 8.1, 8.4).

Pure: takes words, gives words. The loader refuses a text with any problem, and the tests run the same rules over every
article in the folder, so a text that fails here can reach no reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from education.source import BOX, CITED, HEADING, Source

GRADE_CEILING = 8.0
SENTENCE_CEILING = 20.0
WORDS_FEWEST, WORDS_MOST = 700, 1000
REVIEW_MONTHS_LONGEST = 24
# Medicines move fast: these two are looked at every year (clinical.md 8.1).
YEARLY = {"A13", "A15"}

# The only entries of the reference list whose existence was checked (clinical.md 8.3).
CHECKED_REFERENCES = {"R1", "R4", "R5", "R7", "R10", "R11", "R12", "R13", "R21", "R25", "R26", "R27", "R29"}

# clinical.md 8.4: selling words. A practice that writes its own texts meets the same list.
SELLING = (
    r"breakthroughs?", r"miracles?|miraculous", r"cures?|cured|curing", r"proven", r"safe and effective",
    r"limited[- ]time", r"book your infusion",
)  # fmt: skip

# clinical.md 0.4: statements of the source material that are wrong, blaming or unproven.
NEVER_AS_FACT = (
    r"up to (11|eleven) months", r"(2/3|two[- ]thirds) of (the|your) (problem|pain)",
    r"(create|cause)s? (your|their|our) own (feelings|pain)", r"think positive(ly)?", r"positive thinking",
    r"stop (your |the )?(negative|bad) thoughts", r"(pain that )?does not respond to treatment",
    r"ketamine (works|helps|is effective)", r"cbt (reduces|removes|ends) (the |your )?pain", r"pain[- ]free",
)  # fmt: skip

# clinical.md 7.5: no diagnosis, no advice to start, stop or change a medicine, no doses.
DIAGNOSIS = (
    r"you (have|suffer from) (major |clinical )?(depression|anxiety|fibromyalgia|arthritis|ptsd)", r"you are depressed",
    r"means (that )?you have (a |an )?(disorder|disease|depression|anxiety)",
)  # fmt: skip
DOSE = (
    r"\d+([.,]\d+)?\s*(mg|mcg|µg|μg|ml|milligrams?|micrograms?|millilit(er|re)s?|grams?|tablets?|pills?|capsules?|puffs?|"
    r"drops|iu|units)(/(kg|day|h))?",
    r"(one|two|three|four|half an?) (tablet|pill|capsule|dose)s?",
    r"(?<!not )(?<!never )(stop|start|double|halve|increase|raise|lower|reduce) (taking )?(your|the) "
    r"(dose|medicine|medication|pills?|tablets?|opioids?)",
    r"morphine equivalents?",
)  # fmt: skip

BANNED = {"selling word": SELLING, "statement of 0.4": NEVER_AS_FACT, "diagnosis": DIAGNOSIS, "dose advice": DOSE}

_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|\d[\d.,/%-]*")
_MARKS = re.compile(r"\[R\d+\]|[*_`#>]|\]\([^)]*\)|\[")
_LIST = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")


def banned_words(text: str) -> list[str]:
    """Every forbidden word or phrase found in `text`, each with the reason it is forbidden."""
    flat = " ".join(_MARKS.sub("", text).split())
    return [
        f"{reason}: “{hit.group()}”"
        for reason, patterns in BANNED.items()
        for pattern in patterns
        for hit in re.finditer(rf"\b(?:{pattern})(?!\w)", flat, re.IGNORECASE)
    ]


# Where counting groups of vowels goes wrong: neighbours that are spoken apart, and an e that is only written.
_APART = re.compile(r"i(?:a(?!l$|ls$|n$|ns$|g)|o(?!us|n)|um|ent|ence)|uou|[aeiouy]ing|eo(?!us)|(?<!q)ui[cd]|ya(?!$)")
_SILENT = re.compile(
    r"(?<=[aeiouy])[^aeiouy\W]{1,3}e(?=(?:ly|ful|ness|ments?|less|some|ty|things?|where)$)"  # care-ful, state-ment
    r"|(?<=[aeiouy])[^aeiouy\W]{1,4}(?<!l)e$|(?<=[aeiouy])le$"  # time, while; not ta-ble
    r"|(?<=[aeiouy])[^aeiouy\W]{1,3}(?<![td])ed$"  # called; not need-ed
    r"|(?<=[aeiouy])[^aeiouy\W]{1,3}(?<![szcgxl])(?<!ch)(?<!sh)es$|(?<=[aeiouy])les$"  # times; not cour-ses
)
_KNOWN = {
    "people": 2, "cochrane": 2, "area": 3, "areas": 3, "idea": 3, "ideas": 3, "being": 2, "someone": 2, "something": 2,
    "sometimes": 2, "website": 2, "everyone": 3, "anyone": 3, "everything": 3, "therefore": 2, "evening": 2, "every": 2,
    "fibromyalgia": 6, "endometriosis": 7, "anesthesia": 4, "ketamine": 3, "esketamine": 4,
    "medicine": 3, "medicines": 3, "diagnosis": 4,
    "guideline": 2, "guidelines": 2, "science": 2, "quiet": 2, "trial": 2, "trials": 2, "hour": 1,
    "hours": 1, "our": 1, "cbt": 3, "crps": 4, "fda": 3, "iv": 2, "create": 2, "created": 3, "real": 1, "suicide": 3,
    "behavioral": 4, "language": 2, "societies": 4, "fluids": 2, "lonely": 2, "exactly": 3, "practice": 2, "idle": 2,
}  # fmt: skip


def syllables(word: str) -> int:
    """Spoken syllables of an English word, at least 1. Figures count one a digit, as a cautious reader says them.

    Against a pronouncing dictionary the grade of our articles comes out within a tenth of a grade.
    """
    word = word.lower().replace("\u2019", "'").removesuffix("'s").replace("'", "")
    if not word or word[0].isdigit():
        return max(1, sum(character.isdigit() for character in word))
    if word in _KNOWN:
        return _KNOWN[word]
    groups = len(re.findall(r"[aeiouy]+", word)) + len(_APART.findall(word))
    return max(1, groups - len(_SILENT.findall(word)) + word.endswith(("dnt", "snt")))


@dataclass(frozen=True)
class Reading:
    """How hard a text is: `grade` is the US school grade of Flesch and Kincaid, `sentence` the mean words in one."""

    words: int
    sentences: int
    syllables: int

    @property
    def sentence(self) -> float:
        return self.words / max(1, self.sentences)

    @property
    def grade(self) -> float:
        return 0.39 * self.sentence + 11.8 * self.syllables / max(1, self.words) - 15.59


def prose_of(body: str) -> list[str]:
    """The sentences of a Markdown body, headings and reference marks left out; a list item ends its own sentence."""
    blocks: list[str] = []
    for raw in body.splitlines():
        line = raw.strip()
        if not line or line.startswith(("#", ":::")):
            blocks.append("")
            continue
        if _LIST.match(line) or not blocks or not blocks[-1]:
            blocks.append(_LIST.sub("", line))
        else:
            blocks[-1] += " " + line
    sentences: list[str] = []
    for block in blocks:
        plain = _MARKS.sub("", block)
        sentences += [s for s in re.split(r"(?<=[.!?])[\"”’')]*\s+(?=[\"“‘(]?[A-Z0-9])", plain) if _WORD.search(s)]
    return sentences


def read(body: str) -> Reading:
    """Measures a Markdown body without its references, which are kept apart from it."""
    sentences = prose_of(body)
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    return Reading(len(words), len(sentences), sum(map(syllables, words)))


def problems(source: Source) -> list[str]:
    """Everything that keeps `source` from being published, in words its author can act on; empty when nothing does."""
    reading = read(source.body)
    found = [f"It may not say {hit}." for hit in banned_words(source.everything_said)]
    if reading.grade > GRADE_CEILING:
        found.append(f"It reads at US grade {reading.grade:.1f}; {GRADE_CEILING:g} is the most.")
    if reading.sentence > SENTENCE_CEILING:
        found.append(f"Its sentences have {reading.sentence:.1f} words on average; {SENTENCE_CEILING:g} is the most.")
    if not WORDS_FEWEST <= reading.words <= WORDS_MOST:
        found.append(f"It has {reading.words} words; {WORDS_FEWEST} to {WORDS_MOST} are wanted.")
    return found + missing_parts(source) + loose_references(source) + unsound_checks(source)


def missing_parts(source: Source) -> list[str]:
    """The required parts of clinical.md 1.5 F53 and 8.1 that `source` lacks."""
    boxes = {kind: [box for box in BOX.finditer(source.body) if box["kind"] == kind] for kind in ("action", "doctor")}
    longest = 12 if source.code in YEARLY else REVIEW_MONTHS_LONGEST
    required = {
        "one action box": len(boxes["action"]) == 1,
        "one part on when to call a doctor": len(boxes["doctor"]) == 1,
        "the numbers 911 and 988 in that part": all(
            f"tel:{number}" in box["text"] for box in boxes["doctor"] for number in ("911", "988")
        ),
        "headings that are questions": all(h.strip().endswith("?") for h in HEADING.findall(source.body))
        and all(box["title"].strip().endswith("?") for box in boxes["doctor"])
        and bool(HEADING.search(source.body)),
        "a lead": bool(source.lead.strip()),
        "an author": bool(source.author.strip()),
        "a clinical reviewer": bool(source.clinical_reviewer.strip()),
        "keywords": bool(source.keywords),
        f"a review within {longest} months": 0 < source.review_months <= longest,
    }
    return [f"It lacks {part}." for part, present in required.items() if not present]


def loose_references(source: Source) -> list[str]:
    """References that are missing, not checked, listed and not cited, or cited and not listed."""
    listed = {reference.get("key", "") for reference in source.references}
    cited = set(CITED.findall(source.body))
    found = [] if listed else ["It lacks references."]
    found += [f"{key} is not on the list of checked references." for key in sorted(listed - CHECKED_REFERENCES)]
    found += [f"{key} is listed but not cited in the text." for key in sorted(listed - cited)]
    return found + [f"{key} is cited but not listed." for key in sorted(cited - listed)]


def unsound_checks(source: Source) -> list[str]:
    """The self-check is two questions, each with at least two choices of which exactly one is right."""
    sound = [
        len(check["choices"]) >= 2 and sum(bool(choice.get("right")) for choice in check["choices"]) == 1
        for check in source.self_check
    ]
    return [] if sound == [True, True] else ["Its self-check is not two questions with one right answer each."]
