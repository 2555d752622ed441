"""How the people of the demo clinic come to it: a free talk, an invitation, registration, consents."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from intake import consent, registration
from practice import attending, availability, confirming, holding, invitations
from practice.consents import Origin
from practice.demo import treating
from practice.demo.people import Stage
from practice.demo.world import Person, World
from practice.models import Appointment, AppointmentType, Patient
from practice.slots import Slot
from sessions import courses
from sessions.models import ConsultationOutcome

CODE = AppointmentType.Code.CONSULT_FREE
FROM_BROWSER = Origin(ip="192.0.2.17", user_agent="Demo browser")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
OUTCOMES = (
    (ConsultationOutcome.Outcome.THINK, "Would like to talk it over at home first. Has the number of the front desk."),
    (ConsultationOutcome.Outcome.REFER_ON, "Looks for a movement class near home; given two addresses."),
    (ConsultationOutcome.Outcome.THINK, "Waits for a letter from the insurer and will come back to us."),
    (ConsultationOutcome.Outcome.NOT_SUITABLE, "Has begun with another practice; no need at present."),
)
HELPERS = ("partner", "sister", "neighbor", "brother", "friend", "daughter")


# -- The free talk ---------------------------------------------------------------------------------------------------
def visitor_books(world: World, person: Person, *, after: datetime, before: datetime) -> None:
    """A visitor holds one of the free times between two moments and confirms it, as on the public pages."""
    slot = free_talk(world, person, after, before)
    if slot is None:
        return
    therapist, sketch = world.therapist_of(person), person.sketch
    key = holding.session_key_of(f"{sketch.email} {person.token()}")
    held = holding.hold(
        therapist=therapist,
        type=world.kinds[CODE],
        modality=sketch.modality,
        location=world.place_of(person),
        starts_at=slot.starts_at,
        session_key=key,
        address=f"192.0.2.{person.chance.randint(1, 250)}",
    )
    contact = confirming.Contact(
        name=sketch.name,
        email=sketch.email,
        phone=sketch.phone,
        email_consent=sketch.email_consent,
        sms_consent=sketch.sms_consent,
        time_zone=sketch.zone,
        origin=FROM_BROWSER,
    )
    talk = confirming.confirm_hold(hold=held, token=person.token(), contact=contact)
    person.patient = talk.patient
    if sketch.stage != Stage.BOOKED_TALK:
        world.timeline.at(talk.ends_at, hold_talk, world, person, talk)


def free_talk(world: World, person: Person, after: datetime, before: datetime) -> Slot | None:
    """A free time that no weekly hour of a course will need; None where the therapist has none."""
    therapist = world.therapist_of(person)
    offered = availability.offer(code=CODE, modality=person.sketch.modality, slug=therapist.slug)
    found = availability.free_between(offered, int(after.timestamp()), int(before.timestamp()), now=world.clock())
    weekly = world.calendar.taken(therapist.slug, [each.sketch for each in world.people])
    zone = ZoneInfo(world.place_of(person).zone)
    good = [slot for slot in found if not any(meets(slot.starts_at.astimezone(zone), hour) for hour in weekly)]
    return person.chance.choice(good) if good else None


def meets(local: datetime, hour: tuple[int, time]) -> bool:
    weekday, at = hour
    minutes = (local.hour - at.hour) * 60 + local.minute - at.minute
    return local.weekday() == weekday and -30 < minutes < 60


def hold_talk(world: World, person: Person, talk: Appointment) -> None:
    """The talk took place; the therapist writes down what came of it."""
    therapist = talk.therapist.user
    attending.mark_attended(by=therapist, appointment=talk)
    sketch = person.sketch
    if sketch.stage == Stage.HAD_TALK:
        if sketch.step != 0:  # the first one still waits for its outcome
            outcome, words = OUTCOMES[sketch.step % len(OUTCOMES)]
            world.timeline.at(
                world.clock() + 10 * MINUTE,
                courses.record_outcome, by=therapist, appointment=talk, outcome=outcome, note=words,
            )  # fmt: skip
        return
    courses.record_outcome(
        by=therapist, appointment=talk, outcome=ConsultationOutcome.Outcome.BOOK_INTAKE, note="Would like to begin."
    )
    world.timeline.at(world.clock() + 2 * HOUR, invite, world, person)


# -- The account -----------------------------------------------------------------------------------------------------
def invite(world: World, person: Person) -> None:
    invitation = invitations.invite_patient(by=world.desk, patient=person.patient)
    if not (person.sketch.stage == Stage.INVITED and person.sketch.step % 3 == 0):
        token = invitation.link.rstrip("/").rpartition("/")[2]
        world.timeline.at(world.clock() + 4 * HOUR, accept, world, person, token)


def accept(world: World, person: Person, token: str) -> None:
    """The account is made and the person registers, some only half of the way."""
    invitations.accept(token=token, time_zone=person.sketch.zone)
    person.patient = Patient.objects.select_related("user").get(pk=person.patient.pk)
    half = person.sketch.stage == Stage.INVITED and person.sketch.step % 3 == 1
    register(person, half=half)
    if half:
        return
    world.timeline.at(world.clock() + 5 * MINUTE, agree, person)
    if person.sketch.stage == Stage.INVITED:
        world.timeline.at(world.clock() + 15 * HOUR, treating.book_first, world, person)
    else:
        world.timeline.at(world.clock() + 15 * HOUR, treating.begin, world, person)


def register(person: Person, *, half: bool) -> None:
    """The steps of registration in their order; ``half`` stops in the middle, as people do."""
    sketch, who = person.sketch, {"by": person.user, "patient": person.patient}
    registration.save_you(
        **who,
        first_name=sketch.first_name,
        last_name=sketch.last_name,
        name_to_use="",
        pronouns="",
        born_on=sketch.born_on,
    )
    at_the_coast = sketch.therapist not in ("noor-castellan", "daniel-okonjo")
    registration.save_home(
        **who,
        street=sketch.street,
        city="Tern Bay" if at_the_coast else "Millrace",
        state="Oregon" if at_the_coast else "Colorado",
        postal_code="97000" if at_the_coast else "80000",
        country="US",
        time_zone=sketch.zone,
        sex_recorded="",
        gender="",
    )
    if half:
        return
    registration.save_needs(
        **who, language="en", needs_interpreter=False, needs=person.chance.choice(NEEDS), other_needs=""
    )
    registration.save_contact(
        **who,
        phone=sketch.phone,
        may_email=sketch.email_consent,
        may_text=sketch.sms_consent and bool(sketch.phone),
        voicemail=person.chance.choice(("no", "name_number")) if sketch.phone else "no",
        prefers="email" if sketch.email_consent else "phone",
        sending_from=None,
        sending_until=None,
        contact_notes="",
        do_not_contact="",
        origin=FROM_BROWSER,
    )
    registration.save_emergency(
        **who,
        name=f"{person.chance.choice(('Robin', 'Kim', 'Alex', 'Sam'))} {sketch.last_name}",
        relationship=person.chance.choice(HELPERS),
        phone=f"+1970555{person.chance.randint(100, 199):04}",
        knows=person.chance.random() < 0.7,
        may_call="emergency",
        none_because="",
        session_place=sketch.street,
    )


NEEDS: tuple[list[str], ...] = ([], [], ["standing"], ["breaks"], ["short_sitting"], ["large_text"])


def agree(person: Person) -> None:
    """Sign every agreement the practice asks for."""
    for agreement in consent.undecided(person.patient):
        registration.sign(
            by=person.user,
            patient=person.patient,
            agreement=agreement,
            agrees=True,
            signed_name=person.sketch.name,
            origin=FROM_BROWSER,
        )
