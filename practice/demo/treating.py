"""The courses of the demo clinic: opened, held week by week, written down, read."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from education import articles as reading
from education.models import ArticleAssignment
from practice import attending, availability, booking, care, changing
from practice.demo import answering, note_texts
from practice.demo.calendar import BEGUN
from practice.demo.people import ROSA, Stage
from practice.demo.world import Person, World
from practice.models import Appointment, AppointmentType, CareAssignment
from sessions import courses, drafts, homework, notes, plan
from sessions.models import ProgressNote

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LEFT_OPEN = timedelta(hours=46)  # of the visits of the last two days some notes are not signed yet
UNTIL_SIGNED = 25 * MINUTE
BY_AGREEMENT = "Outside the usual hours, as agreed."


# -- The course --------------------------------------------------------------------------------------------------------
def begin(world: World, person: Person) -> None:
    """Registration is complete: the therapist opens the course, the desk books the first two sessions."""
    therapist = world.therapist_of(person)
    person.course = courses.open_course(
        by=therapist.user, patient=person.patient, therapist=therapist, template=person.sketch.template
    )
    person.patient.refresh_from_db()
    if person.sketch.therapist == "wren-halloran":
        care.begin(
            by=world.staff["manager"],
            patient=person.patient,
            clinician=world.staff["supervisor"],
            role=CareAssignment.CareRole.SUPERVISOR,
            reason="supervises Wren Halloran",
        )
    for place in (0, 1):
        schedule(world, person, place)


def schedule(world: World, person: Person, place: int) -> None:
    """Book the ``place``-th visit of the person's list, and put what will happen to it on the timeline."""
    past = world.calendar.past[person.sketch.email]
    days = past + world.calendar.coming[person.sketch.email]
    if place >= len(days):
        return
    missed = fate(person, place) if place < len(past) else ""
    visit = desk_books(world, person, days[place])
    person.visits.append(visit)
    if world.calendar.to_finish == (person.sketch.email, days[place]):
        person.to_finish = visit
    follow(world, person, visit, missed, then=place + 2)


def desk_books(world: World, person: Person, starts_at: datetime, *, outside: str = "") -> Appointment:
    """The desk books a session; where the hour is gone, the next free one of the same therapist.

    ``outside`` says why the visit lies outside the therapist's hours.
    """
    wish = {
        "by": world.desk,
        "therapist": world.therapist_of(person),
        "patient": person.patient,
        "type": world.kinds[AppointmentType.Code.SESSION],
        "modality": person.sketch.modality,
        "location": world.place_of(person),
        "outside_hours": bool(outside),
        "staff_note": outside,
    }
    try:
        return booking.book(**wish, starts_at=starts_at)
    except booking.SlotTaken:
        offered = availability.offer(
            code=AppointmentType.Code.SESSION, modality=person.sketch.modality, therapist_id=wish["therapist"].pk
        )
        begin = int(starts_at.timestamp())
        for slot in availability.free_between(offered, begin, begin + 6 * 86_400, now=world.clock()):
            return booking.book(**wish, starts_at=slot.starts_at)
        raise


def book_first(world: World, person: Person) -> None:
    """Registered, and the first session stands; the course opens with it."""
    answering.phq(world, person)
    offered = availability.offer(
        code=AppointmentType.Code.SESSION,
        modality=person.sketch.modality,
        therapist_id=world.therapist_of(person).pk,
    )
    begin = int((world.now + 3 * DAY).timestamp())
    for slot in availability.free_between(offered, begin, begin + 6 * 86_400, now=world.clock(), limit=4)[-1:]:
        person.visits.append(desk_books(world, person, slot.starts_at))


def extra_visit(world: World, person: Person, starts_at: datetime) -> None:
    """A visit of today outside the therapist's hours, agreed some days ago."""
    visit = desk_books(world, person, starts_at, outside=BY_AGREEMENT)
    if world.calendar.to_finish == (person.sketch.email, starts_at):
        person.to_finish = visit
    follow(world, person, visit, "", then=None)


def fate(person: Person, place: int) -> str:
    """What happened to the ``place``-th visit if it was not attended; empty if it was."""
    at = {after + number: how for number, (after, how) in enumerate(person.sketch.missed)}
    return at.get(place, "")


def follow(world: World, person: Person, visit: Appointment, missed: str, *, then: int | None) -> None:
    """What happens around a visit: PEG the evening before, the visit, the note, the next booking."""
    timeline, chance = world.timeline, person.chance
    ends = visit.ends_at
    if missed == "early":
        timeline.at(visit.starts_at - 2 * DAY, changing.cancel, by=None, appointment=visit)
    elif missed == "late":
        timeline.at(visit.starts_at - 4 * HOUR, cancel_late, world, person, visit)
    elif missed == "practice":
        timeline.at(
            visit.starts_at - 3 * DAY, changing.cancel, by=world.desk, appointment=visit, by_practice=True,
            reason="Therapist unwell",
        )  # fmt: skip
    elif missed == "no_show":
        timeline.at(visit.starts_at + 20 * MINUTE, miss, world, person, visit)
    else:
        if chance.random() < 0.5:
            timeline.at(visit.starts_at - 70 * HOUR, confirm, visit)
        if person.sketch.name != ROSA or visit.starts_at < world.now:
            evening = visit.starts_at - 15 * HOUR + chance.randint(0, 90) * MINUTE
            timeline.at(evening, before_session, world, person, visit)
        late = chance.choice((0, 0, 0, 0, 0, 0, 8, 12))
        arrival = visit.starts_at + (late or -5) * MINUTE
        if person.sketch.modality == "in_person":
            timeline.at(arrival, attending.mark_arrived, by=world.desk, appointment=visit, late_minutes=late)
        else:
            late = 0
        timeline.at(ends - 2 * MINUTE, attend, world, person, visit, late)
    if then is not None:
        timeline.at(ends + MINUTE, schedule, world, person, then)


def confirm(visit: Appointment) -> None:
    visit.refresh_from_db()
    if visit.is_coming:
        changing.confirm_visit(by=None, appointment=visit)


def cancel_late(world: World, person: Person, visit: Appointment) -> None:
    changing.cancel(by=world.desk, appointment=visit, reason="Called, cannot come")
    world.timeline.at(visit.starts_at + HOUR, contact_note, person, visit, "late_cancel")


def miss(world: World, person: Person, visit: Appointment) -> None:
    attending.mark_no_show(by=world.desk, appointment=visit)
    world.timeline.at(visit.ends_at + 20 * MINUTE, contact_note, person, visit, "no_show")


def contact_note(person: Person, visit: Appointment, how: str) -> None:
    """The short note of a visit that was missed, signed at once."""
    author = visit.therapist.user
    visit.refresh_from_db()
    note = notes.begin_contact_note(by=author, appointment=visit)
    note = drafts.save_draft(by=author, note=note, content=note_texts.contact(how), version=note.version)
    notes.sign(by=author, note=note, version=note.version)


def before_session(world: World, person: Person, visit: Appointment) -> None:
    """PEG before every session, PHQ-9 before the first and at the middle of the course."""
    answering.peg(world, person)
    number = person.signed + 1
    if number in (1, answering.REVIEW_AT):
        answering.phq(world, person)


# -- Session and note ------------------------------------------------------------------------------------------------
def attend(world: World, person: Person, visit: Appointment, late: int) -> None:
    """The session took place; the note is begun a few minutes later and signed soon, or in the evening, or not yet."""
    therapist = visit.therapist.user
    attending.mark_attended(by=therapist, appointment=visit)
    person.signed += 1
    number, age = person.signed, world.now - visit.ends_at
    recent = age < LEFT_OPEN and person.sketch.name != ROSA
    unsigned = person.sketch.therapist == "wren-halloran" or (recent and person.chance.random() < 0.5)
    half = recent and unsigned and person.chance.random() < 0.6
    if visit == person.to_finish:
        half = unsigned = True
    world.timeline.at(visit.ends_at + BEGUN, write, world, person, visit, number, late, half, unsigned)


def write(world: World, person: Person, visit: Appointment, number: int, late: int, half: bool, unsigned: bool) -> None:
    """Fill in the note of a visit, give the reading that goes with it, sign."""
    author = visit.therapist.user
    note = ProgressNote.objects.select_related("session__course", "patient", "appointment").get(appointment=visit)
    text = text_of(person, visit, note, number, late)
    if half:
        drafts.save_draft(by=author, note=note, content=note.content | note_texts.begun(text), version=note.version)
        return
    note = drafts.save_draft(by=author, note=note, content=note.content | text, version=note.version)
    for code in world_articles(world, person, text["modules"]):
        given = notes.give_article(by=author, note=note, article=world.articles[code])
        read(world, person, given.assignment)
    if not unsigned:
        world.timeline.at(world.clock() + UNTIL_SIGNED, sign, note, person)


def sign(note: ProgressNote, person: Person) -> None:
    notes.sign(by=note.author, note=note, version=note.version, similar_is_meant=True)


def text_of(person: Person, visit: Appointment, note: ProgressNote, number: int, late: int) -> dict:
    """The words of the note: about the modules that the plan has next."""
    template = plan.templates()[person.sketch.template].sessions
    this = template[min(number, len(template)) - 1].modules
    coming = template[min(number + 1, len(template)) - 1].modules
    zone = ZoneInfo(visit.zone)
    fall = person.sketch.better_by * number / len(template)
    return note_texts.content(
        person.chance,
        modules=this,
        next_modules=coming,
        starts_at=visit.starts_at.astimezone(zone),
        ends_at=visit.ends_at.astimezone(zone),
        modality=visit.modality,
        place=person.sketch.street,
        late_minutes=late,
        number=number,
        is_last=person.sketch.stage == Stage.COMPLETED and number == person.sketch.attended,
        homework_due=homework.due_for(note),
        pain=max(0, round(person.sketch.baseline[0] * (1 - fall))),
    )


# -- Reading ---------------------------------------------------------------------------------------------------------
def world_articles(world: World, person: Person, modules: list[str]) -> list[str]:
    """The articles that go with these modules, are in the library, and were not given to this person before."""
    wanted = dict.fromkeys(code for module in modules for code in plan.modules()[module].articles)
    given = set(
        ArticleAssignment.objects.filter(patient=person.patient).values_list(
            "article_version__article__code", flat=True
        )
    )
    return [code for code in wanted if code in world.articles and code not in given]


def read(world: World, person: Person, assignment: ArticleAssignment) -> None:
    """Most open what they are given within days, fewer finish it. Rosa Meier still has hers to read."""
    chance = person.chance
    if person.sketch.name == ROSA and person.signed > 1:
        return
    if chance.random() < 0.8:
        opened = world.clock() + DAY * chance.randint(0, 3) + HOUR * chance.randint(5, 9)
        world.timeline.at(opened, reading.open, by=person.user, assignment=assignment)
        if chance.random() < 0.8:
            world.timeline.at(
                opened + 8 * MINUTE, reading.finish, by=person.user, assignment=assignment,
                helpful=chance.choice((True, True, None)),
            )  # fmt: skip


# -- The end ---------------------------------------------------------------------------------------------------------
def finish(world: World, person: Person) -> None:
    """The course is completed: goals are met."""
    courses.complete(
        by=world.therapist_of(person).user,
        course=person.course,
        reason="Goals met; the staying-well plan stands.",
        goals_met=True,
    )
