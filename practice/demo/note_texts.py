"""Words for the notes of the demo clinic: neutral, about facts and function, no diagnosis, no third person's name.

Pure: from a person's own chance and what the session was about follows the content of a note.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sessions import plan
from sessions.models import HomeworkLine

DID = {
    "ASSESS": "Went through the story of the pain, what has been tried, and what a usual week looks like. Explained "
    "confidentiality and its limits.",
    "PEDU1": "Drew the difference between the alarm and the damage, with two examples from this week.",
    "PEDU2": "Looked at how stress and sleep turn the volume of the nervous system up and down.",
    "ORIENT": "Explained how the sessions work and drew a pain picture with body, mind and people.",
    "GOAL": "Sorted what matters most into three areas and wrote one goal with a first step fit for a bad day.",
    "PACE1": "Charted the over-doing and under-doing of the last week; found a baseline for walking and for desk work.",
    "PACE2": "Raised the quota by a tenth and tried the bend that had been avoided, five slow times.",
    "FLARE0": "Wrote a first card for flare days: three things to do, two to leave, whom to tell.",
    "BREATH": "Found the body’s early signals and practised slow belly breathing, first lying, then standing.",
    "RELAX": "Practised muscle relaxation with the hands and shoulders, then a calming picture.",
    "MIND1": "Practised ten minutes of attention to the breath and to sounds, with the pain allowed to be there.",
    "MIND2": "Chose one daily action to do with full attention and practised a mindful minute with pain.",
    "PLEAS": "Made a list of pleasant things that fit into fifteen minutes and planned two of them.",
    "COG1": "Caught the first thought on a hard morning and wrote down the feeling and the deed that followed.",
    "COG2": "Weighed one thought with the evidence on both sides and wrote a kinder one on a card.",
    "COG3": "Looked at the old rule of having to finish everything, and planned to leave one thing half done.",
    "ACT1": "Practised saying “I notice the thought that …” and making room for a strong sensation.",
    "ACT2": "Chose one step that matters on a hard day, and the smallest form of it.",
    "EMO": "Gave worry a place in the day and wrote one kind sentence to say on a bad evening.",
    "SLEEP1": "Went through the evening, the night and the morning; chose one habit to change first.",
    "SLEEP2": "Set a steady time to get up and moved the time in bed closer to the time asleep.",
    "LIFE": "Looked at meals, breaks and movement over a day and chose one small change.",
    "COMM": "Rehearsed asking for help at home in one sentence, and the answer to “you look well”.",
    "SOCIAL": "Drew the circle of people and chose one to call, for no reason but company.",
    "COPE": "Took one problem through the sheet from naming it to a first try.",
    "MED": "Prepared three questions for the next visit to the doctor.",
    "WORK": "Planned one change to ask for at work, and how to say it.",
    "FLARE": "Wrote the full plan for flares, with early signs and the way back to the usual quota.",
    "RELAPSE": "Gathered what has helped most and wrote it into a plan for six months.",
    "END": "Looked back at the first session’s picture, compared then and now, and said goodbye.",
}
FUNCTION = (
    "Walks the stairs once a day with one rest.",
    "Sat through a film for the first time this year.",
    "Works four mornings, lies down at noon.",
    "Cooked twice this week, sitting for the cutting.",
    "Carried the shopping in two trips instead of none.",
    "Drove for twenty minutes, then needed a break.",
    "Was in the garden on three days, ten minutes each.",
    "Gets up at the same time on most days.",
    "Back at choir, standing for half of it.",
    "Walked to the harbor and back, slower than planned and all the way.",
)
RESPONSE = (
    "Took part throughout; tried the practice twice and found it easier sitting.",
    "Doubtful at first, then found an own example without help.",
    "Tired today; chose the shorter practice and finished it.",
    "Asked good questions and wrote the answers down.",
    "Laughed at the drawing and took it home.",
    "Needed a break after twenty minutes, came back to it well.",
    "Noticed the signal before the pain rose, for the first time.",
)
WORDS = (
    "“I thought it would be about being brave.”",
    "“It is still there, but I am not waiting for it.”",
    "“Half is better than none, I am learning that.”",
    "“My body is not made of glass.”",
    "“I had forgotten that I liked this.”",
    "“On Thursday I stopped before I had to.”",
    "",
    "",
)
ASSESSMENT = (
    "Keeps to the plan on usual days; bad days still end in rest only. The pattern of doing much and then nothing is "
    "smaller than at the start.",
    "Understanding of the model has grown, and the first signs in daily life fit it. Worry about harm is less and "
    "comes up with lifting.",
    "Steady. Activity goes up slowly while pain stays about the same, which is what we agreed to look for.",
    "A heavy week at home, and the practice went on all the same. This is a strength to build on.",
    "Sleep remains the weak point and will come into focus soon. Mood is steady.",
    "Good use of the small steps. Still tends to test the limit on good days.",
)
EARLY_RESPONSE = (
    "Took part throughout and asked good questions.",
    "Doubtful at first, then found an own example without help.",
    "Tired today; needed a break after twenty minutes and came back to it well.",
)
EARLY_ASSESSMENT = (
    "Pain shapes the mornings most. Has tried much and understood little of why; glad of a plan.",
    "Does a great deal on good days and pays for it on the next. Walking is what is missed most.",
    "Worries that movement does harm, and moves less for it. Good support at home.",
)
PLAN = (
    "Go on as planned with",
    "Review the practice, then",
    "Begin with what got in the way, then",
)
LEARNED = (
    "Shorter is easier to keep.",
    "Mornings work best.",
    "It helps to do it with somebody.",
    "A break is no failure.",
)
OBSTACLES = ("Two bad nights.", "Visitors at home.", "Forgot on the weekend.", "Too long in one go.")
MOODS = ("steady", "brighter", "low", "anxious")
# Homework of the plan that is written down somewhere: this version has no page for it, so people are told paper.
ON_PAPER = {
    "Pain and activity diary for 7 days": "Write down pain and activity on paper each evening, for 7 days",
    "Mark in the diary what turns pain up or down": "On the paper of last week, mark what turns pain up or down",
    "Pacing plan daily": "Keep to what we planned, every day",
    "Body-signal log, three times a week": "Write down the body’s signals on paper, three times a week",
    "Three thought records, first half": "Write down three thoughts on paper: the moment and the thought",
    "Three full thought records": "Write down three thoughts on paper: the moment, the thought, a kinder one",
    "Sleep log, 14 days": "Write down the night on paper each morning, for 14 days",
    "One problem sheet": "Take one problem from naming it to a first try, on paper",
    "Finish the flare plan": "Finish your plan for flare days, on paper",
}
EARLY = 2  # sessions in which people get to know each other
AGENDA = ("Check-in and the week.", "Look at the homework.")


def content(
    chance: random.Random,
    *,
    modules: Sequence[str],
    next_modules: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    modality: str,
    place: str,
    late_minutes: int,
    number: int,
    is_last: bool,
    homework_due: Sequence[HomeworkLine],
    pain: int,
) -> dict[str, Any]:
    """The typed content of a session note; ``number`` counts from 1, times are in the zone of the visit."""
    begun = starts_at + timedelta(minutes=late_minutes or chance.randint(0, 3))
    done = ends_at - timedelta(minutes=chance.randint(0, 4))
    known = plan.modules()
    codes = [code for module in modules for code in known[module].interventions]
    lines = homework_of(modules)
    note: dict[str, Any] = {
        "attendance": "late" if late_minutes else "attended",
        "late_minutes": str(late_minutes or ""),
        "modality": modality,
        "time_in": f"{begun:%H:%M}",
        "time_out": f"{done:%H:%M}",
        "mood": [chance.choice(MOODS), "oriented"],
        "risk_suicide": "none",
        "risk_others": "none",
        "risk_abuse": "none",
        "risk_change": "first" if number == 1 else "same",
        "pain_now": str(max(0, min(10, pain + chance.choice((-1, 0, 0, 1))))),
        "pain_week": str(pain),
        "function": chance.choice(FUNCTION),
        "medical": "none",
        "agenda": "\n".join([*AGENDA[: 1 if number == 1 else 2], f"{known[modules[0]].title}."]),
        "did": " ".join(DID[module] for module in modules if module in DID),
        "interventions": list(dict.fromkeys(codes))[:5],
        "modules": list(modules),
        "engagement": str(chance.choice((2, 3, 3, 4))),
        "response": chance.choice(EARLY_RESPONSE if number <= EARLY else RESPONSE),
        "patient_words": chance.choice(WORDS),
        "assessment": chance.choice(EARLY_ASSESSMENT if number <= EARLY else ASSESSMENT),
        "diagnosis": "unchanged",
        "plan": "Staying-well plan and a booster in four weeks."
        if is_last
        else f"{chance.choice(PLAN)} {topic_of(next_modules)}.",
        "homework": [{"text": line, "how_often": ""} for line in lines],
        "next_step": "ending" if is_last else "booked",
        "reviews": {str(line.pk): review(chance) for line in homework_due},
    }
    if not lines:
        note["homework_none"] = "A week to rest and to use what is there."
    if modality != "in_person":
        note |= {"patient_location": f"At home, {place}", "licensed_there": "yes", "contact_reachable": "yes"}
    return {key: value for key, value in note.items() if value not in ("", [], {})}


def homework_of(modules: Sequence[str]) -> list[str]:
    """What the plan gives to try after these modules, three lines at most, in words that need nothing but paper."""
    lines = [line for module in modules for line in plan.modules()[module].homework]
    return [ON_PAPER.get(line, line) for line in lines[:3]]


def topic_of(modules: Sequence[str]) -> str:
    return plan.patient_topic(list(modules)) or "what is still open"


def review(chance: random.Random) -> dict[str, str]:
    """How one homework line went."""
    outcome = chance.choice(("done", "done", "partly", "not"))
    if outcome == "done":
        return {"outcome": outcome, "learning": chance.choice(LEARNED), "obstacle": ""}
    return {"outcome": outcome, "obstacle": chance.choice(OBSTACLES), "learning": ""}


def begun(whole: dict[str, Any]) -> dict[str, Any]:
    """A draft that somebody was called away from: the facts are there, the thoughts are not."""
    kept = (
        "attendance",
        "late_minutes",
        "modality",
        "time_in",
        "time_out",
        "pain_now",
        "pain_week",
        "function",
        "agenda",
    )
    return {key: whole[key] for key in kept if key in whole}


def contact(how: str) -> dict[str, str]:
    """The short note after a visit that was missed or cancelled late."""
    return {
        "missed": how,
        "outreach": "Called the same afternoon and reached the patient. A new time is agreed.",
        "risk_considered": "Nothing new since the last session, where the risk check was without findings.",
        "plan": "Go on with the next planned session.",
        "next_step": "booked",
    }
