"""What the people of the demo clinic answer in questionnaires, and what clinicians do about an alert."""

from __future__ import annotations

from datetime import timedelta

from intake import alerts, measures
from intake.models import RiskAlert
from practice.demo.world import Person, World
from practice.models import User

MINUTE = timedelta(minutes=1)
REVIEW_AT = 6  # PHQ-9 is due again with the sixth session
RISK = "phq9-9"
ON_PAPER = 0.5


def peg(world: World, person: Person) -> None:
    """Three numbers of 0 to 10 that follow the person's own way through the course."""
    progress = person.signed / max(1, int(person.sketch.template) - 1)
    fall = person.sketch.better_by * progress
    values = [
        min(10, max(0, round(start * (1 - fall) + person.chance.choice((-0.4, 0, 0, 0.4)))))
        for start in person.sketch.baseline
    ]
    answer(world, person, "peg", values)


def phq(world: World, person: Person, *, risk: int = 0) -> None:
    """Nine answers; ``risk`` is the answer to the ninth, which opens an alert from 1 up."""
    moods = list(person.sketch.moods)
    if person.signed:
        moods = [max(0, mood - (place % 2)) for place, mood in enumerate(moods)]
    values = [*moods[:8], risk]
    if not risk and person.sketch.modality == "in_person" and person.chance.random() < ON_PAPER:
        from_paper(world, person, "phq-9", values)
    else:
        answer(world, person, "phq-9", values)


def answer(world: World, person: Person, slug: str, values: list[int]) -> None:
    """Answer one questionnaire item by item and finish it."""
    response = measures.start_response(by=person.user, patient=person.patient, version=world.instruments[slug])
    for item, value in zip(response.definition.scale.items, values, strict=True):
        measures.save_answer(by=person.user, response=response, item=item, value=value)
        if item == RISK and value:
            alerts.say_safe_for_now(by=person.user, response=response)
    for item in response.definition.items:
        if not item.is_scored and any(values):
            measures.save_answer(by=person.user, response=response, item=item.link_id, value=1)
    measures.complete(by=person.user, response=response)


def from_paper(world: World, person: Person, slug: str, values: list[int]) -> None:
    """The person answered on paper in the waiting room; the desk types it in."""
    version = world.instruments[slug]
    measures.enter_on_paper(
        by=world.desk,
        patient=person.patient,
        version=version,
        answers=dict(zip(version.definition.scale.items, values, strict=True)),
        taken_on=world.clock().date(),
    )


# -- Alerts ----------------------------------------------------------------------------------------------------------
def open_alert(person: Person) -> RiskAlert:
    return RiskAlert.objects.open().filter(patient=person.patient).order_by("tier", "pk").first()


def acknowledge(person: Person, by: User) -> None:
    """A clinician has seen the alert and has called."""
    alert = alerts.acknowledge(by=by, alert=open_alert(person))
    alerts.record_attempt(by=by, alert=alert, way="phone", reached=True, words="Spoke for ten minutes.")


def assess_and_close(world: World, person: Person, by: User) -> None:
    """The structured assessment, then the closing with an outcome and a signature."""
    alert = open_alert(person)
    alerts.assess(
        by=by,
        alert=alert,
        ideation="passive",
        frequency="rarely",
        plan="no",
        intent="no",
        means_access="no",
        past_attempts="no",
        harm_to_others="no",
        details="On bad nights wishes not to wake up to the same day. No thought of acting on it.",
        protective_factors="Family, the dog, the allotment. Knows whom to call at night.",
        judgement="low",
        steps=["safety_plan", "more_contact"],
        next_contact_on=(world.clock() + timedelta(days=7)).date(),
    )
    alerts.close(
        by=by,
        alert=open_alert(person),
        outcome=RiskAlert.Outcome.SAFE_PLAN,
        words="Plan agreed on the telephone, looked at again in every session.",
        signature=by.name,
    )
