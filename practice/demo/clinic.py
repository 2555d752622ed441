"""The demo clinic's bricks: two locations in two time zones, rooms, kinds of visits, six therapists and the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time

from django.contrib.auth.hashers import make_password

from practice.models import (
    Location,
    Modality,
    Practice,
    Room,
    StaffRole,
    Therapist,
    User,
    WorkingHours,
)
from practice.roles import Role
from practice.visit_kinds import make_kinds

PASSWORD = "evenkeel-demo"
PERSON, VIDEO, PHONE = Modality.IN_PERSON, Modality.VIDEO, Modality.PHONE


@dataclass(frozen=True)
class Hours:
    days: str
    starts: time
    ends: time
    modalities: tuple[str, ...] = (PERSON, VIDEO, PHONE)
    location: str = "Tern Bay"


@dataclass(frozen=True)
class TherapistSketch:
    name: str
    slug: str
    role: Role
    credentials: str
    years: int
    said: str
    about: str
    approaches: tuple[str, ...]
    conditions: tuple[str, ...]
    languages: tuple[str, ...]
    payers: tuple[str, ...]
    hours: tuple[Hours, ...] = field(default=())


# All hours lie within those the practice says it is open, in the zone of the place and in the practice's own: who reads
# a time of Millrace in Pacific time sees none before eight.
MORNING, NOON, LATE = time(9), time(13), time(17)
THERAPISTS = (
    TherapistSketch(
        "Ines Varga",
        "ines-varga",
        Role.THERAPIST,
        "PsyD, licensed psychologist",
        14,
        "We start with the day you have, not the day you wish you had.",
        "Ines works with people whose pain has outstayed every explanation. She likes small experiments, paper and "
        "pen, and sessions in which standing up and walking about is normal.",
        ("CBT", "ACT", "Pacing"),
        ("Back pain", "Fibromyalgia", "Neck pain"),
        ("en", "hu"),
        ("Coastal Mutual", "Harbor Health", "Self-pay"),
        (Hours("01234", MORNING, time(12)), Hours("0123", NOON, LATE)),
    ),
    TherapistSketch(
        "Tomas Adeyemi",
        "tomas-adeyemi",
        Role.THERAPIST,
        "LCSW",
        9,
        "Pain is loud. We make the rest of your life a little louder.",
        "Tomas sees people by video and by phone, many of them after an operation that did not bring what it promised. "
        "He spends time on sleep and on saying no.",
        ("CBT", "Sleep work", "Mindfulness"),
        ("Pain after surgery", "Neuropathic pain", "Back pain"),
        ("en", "yo"),
        ("Harbor Health", "Self-pay"),
        (Hours("0123", time(8, 30), time(12, 30), (VIDEO, PHONE)), Hours("0123", time(14), time(18), (VIDEO, PHONE))),
    ),
    TherapistSketch(
        "Priya Lindqvist",
        "priya-lindqvist",
        Role.THERAPIST,
        "PhD, clinical psychologist",
        17,
        "You do not have to like the pain to stop fighting it all day.",
        "Priya has worked with headache and pelvic pain for most of her career. Her sessions are calm, structured and "
        "end with one thing to try.",
        ("ACT", "CBT", "Mindfulness"),
        ("Migraine", "Endometriosis", "Jaw pain"),
        ("en", "sv", "hi"),
        ("Coastal Mutual", "Self-pay"),
        (Hours("0124", MORNING, time(12, 30)), Hours("013", NOON, time(17, 30))),
    ),
    TherapistSketch(
        "Noor Castellan",
        "noor-castellan",
        Role.THERAPIST,
        "PsyD, licensed psychologist",
        6,
        "Nobody can pour from a body that never rests.",
        "Noor helps people who look after others and have forgotten themselves. She works with graded activity, worry "
        "and the fear of movement.",
        ("CBT", "Graded activity"),
        ("Arthritis", "Back pain", "Fibromyalgia"),
        ("en", "es"),
        ("Harbor Health", "Prairie Plan", "Self-pay"),
        (
            Hours("0234", time(10), time(14), location="Millrace"),
            Hours("0234", time(15), time(18), location="Millrace"),
        ),
    ),
    TherapistSketch(
        "Daniel Okonjo",
        "daniel-okonjo",
        Role.THERAPIST,
        "LPC",
        11,
        "Start so small that a bad day cannot stop it.",
        "Daniel was a carpenter before his own back sent him to study. He works on pacing, work and the talks one has "
        "with employers and doctors.",
        ("CBT", "Pacing", "Communication"),
        ("Back pain", "Neck pain", "Pain after injury"),
        ("en",),
        ("Prairie Plan", "Self-pay"),
        (
            Hours("1234", MORNING, time(13), location="Millrace"),
            Hours("1234", time(14), time(18), location="Millrace"),
        ),
    ),
    TherapistSketch(
        "Wren Halloran",
        "wren-halloran",
        Role.TRAINEE,
        "MA, in supervised practice",
        1,
        "I have time, and a supervisor who has more.",
        "Wren is in training and works under the supervision of Sefa Lindholm. Sessions with Wren cost less and have "
        "the same shape.",
        ("CBT", "Relaxation"),
        ("Back pain", "Headache", "Arthritis"),
        ("en", "es"),
        ("Self-pay",),
        (Hours("0123", NOON, LATE),),
    ),
)
STAFF = (
    ("Marlow Beck", "front-desk", (Role.FRONT_DESK,)),
    ("Adair Novak", "manager", (Role.MANAGER,)),
    ("Sefa Lindholm", "supervisor", (Role.SUPERVISOR,)),
)


def build(first_day: date) -> None:
    """Make the practice, its places, kinds of visits and people; hours are valid from ``first_day``."""
    Practice.objects.create(
        pk=1,
        name="Tern Bay Clinic",
        short_name="Tern Bay",
        phone="+15415550142",
        address="14 Quay Street, Tern Bay, Oregon",
        opening_hours="Monday to Friday, 8 am to 6 pm Pacific",
        is_demo=True,
    )
    places = {
        "Tern Bay": Location.objects.create(
            name="Tern Bay", address="14 Quay Street, Tern Bay, Oregon", zone="America/Los_Angeles"
        ),
        "Millrace": Location.objects.create(
            name="Millrace", address="3 Mill Lane, Millrace, Colorado", zone="America/Denver"
        ),
    }
    for place, rooms in (("Tern Bay", ("Room 1", "Room 2", "Room 3")), ("Millrace", ("Room A", "Room B"))):
        Room.objects.bulk_create(Room(location=places[place], name=name) for name in rooms)
    make_kinds(session_cents=14000, joint_cents=16000)
    password = make_password(PASSWORD)  # one hash for all: a slow hash per person would cost the first run seconds
    for sketch in THERAPISTS:
        therapist(sketch, places, first_day, password)
    for name, stem, roles in STAFF:
        person(name, stem, roles, password)


def person(name: str, stem: str, roles: tuple[Role, ...], password: str) -> User:
    user = User(email=f"{stem}@ternbay.example", name=name, password=password, time_zone="America/Los_Angeles")
    user.save()
    StaffRole.objects.bulk_create(StaffRole(user=user, role=role) for role in roles)
    return user


def therapist(sketch: TherapistSketch, places: dict[str, Location], first_day: date, password: str) -> Therapist:
    user = person(sketch.name, sketch.slug, (sketch.role,), password)
    profile = Therapist.objects.create(
        user=user,
        slug=sketch.slug,
        sort_key=sketch.name.split()[-1].lower(),
        credentials=sketch.credentials,
        licence_number=f"DEMO-{user.pk:04}",
        licence_states=["OR", "CO"],
        years_of_pain_work=sketch.years,
        introduction=sketch.said,
        about=sketch.about,
        approaches=list(sketch.approaches),
        conditions=list(sketch.conditions),
        languages=list(sketch.languages),
        payers=list(sketch.payers),
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            therapist=profile,
            location=places[hours.location],
            weekday=int(day),
            starts=hours.starts,
            ends=hours.ends,
            modalities=list(hours.modalities),
            valid_from=first_day,
        )
        for hours in sketch.hours
        for day in hours.days
    )
    return profile
