"""Who is in the demo clinic: plainly fictional people, how far each has come, and with whom.

Pure: from a number of people and a seed follows the same list, every time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

DOMAIN = "patients.example"
FIRST = (
    "Leon", "Juniper", "Milo", "Saskia", "Bram", "Odette", "Kofi", "Linnea", "Tobias", "Amara", "Caspian", "Yuki",
    "Soren", "Marisol", "Ewan", "Farah", "Hollis", "Ingrid", "Jonah", "Katya", "Lior", "Maeve", "Nils", "Oriane",
    "Pascal", "Quinn", "Rafael", "Sunniva", "Tamsin", "Ulrich", "Vesna", "Wilhelmina", "Xenia", "Yannick", "Zora",
    "Alder", "Bettina", "Cyrus", "Dorothea", "Emeric", "Fenna", "Gideon", "Hanneke", "Isolde", "Jasper", "Keziah",
    "Lorcan", "Minerva", "Nadim", "Ottilie", "Per", "Romy", "Silas", "Thea", "Una", "Viggo", "Willa", "Ximena",
    "Yara", "Zeno",
)  # fmt: skip
LAST = (
    "Abara", "Salter", "Fernhollow", "Thistlewood", "Larkwater", "Greenmantle", "Pebblestone", "Windrow", "Hazelgate",
    "Moorlight", "Applethorn", "Driftwood", "Kestrelby", "Rushbrook", "Silverbirch", "Oatfield", "Candlewick",
    "Brackenridge", "Seaholly", "Millfeather", "Copperleaf", "Nettlecombe", "Harborstone", "Quillfeather", "Sandpiper",
    "Willowmere", "Ravensbourne", "Cloudberry", "Heatherfold", "Lanternby", "Marigold", "Tidewell", "Acornshaw",
    "Bluebottle", "Cobblewick", "Dovetail", "Elderflower", "Foxglove", "Gorsehill", "Honeyfield", "Ivybridge",
    "Juniperson", "Knotgrass", "Lindenbaum", "Meadowsweet", "Northlight", "Osierbed", "Primrose", "Quayside",
    "Rosehip", "Snowdrop", "Teasel", "Underhill", "Vetchling", "Woodruff", "Yarrow", "Amberley", "Bellwether",
    "Clearwater", "Dunnock",
)  # fmt: skip
STREETS = ("Heron Lane", "Alder Street", "Lighthouse Road", "Orchard Row", "Ferry Close", "Kiln Way", "Curlew Court")
PACIFIC, MOUNTAIN, EASTERN = "America/Los_Angeles", "America/Denver", "America/New_York"


class Stage(StrEnum):
    """How far somebody has come."""

    BOOKED_TALK = "booked_talk"  # a free talk is coming
    HAD_TALK = "had_talk"  # a free talk was held and did not lead on, so far
    INVITED = "invited"  # invited to an account, or half way through registration
    IN_COURSE = "in_course"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Sketch:
    """One person of the demo clinic and the shape of what happened so far.

    ``attended`` counts past sessions, ``missed`` says after which of them a visit was missed or cancelled, and how.
    """

    name: str
    email: str
    phone: str
    stage: Stage
    therapist: str
    zone: str
    born_on: date
    template: str = "12"
    attended: int = 0
    modality: str = "in_person"
    missed: tuple[tuple[int, str], ...] = ()
    email_consent: bool = True
    sms_consent: bool = False
    street: str = ""
    step: int = 0
    baseline: tuple[int, int, int] = (7, 7, 6)
    better_by: float = 0.3
    moods: tuple[int, ...] = field(default=(1, 1, 2, 2, 1, 1, 1, 0, 0))

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def last_name(self) -> str:
        return self.name.split()[1]


# therapist, template, sessions attended, modality; Rosa Meier is the patient whose eyes a newcomer borrows.
COURSES = (
    ("ines-varga", "12", 2, "in_person"),
    ("ines-varga", "12", 6, "in_person"),
    ("tomas-adeyemi", "12", 2, "video"),
    ("ines-varga", "16", 3, "in_person"),
    ("priya-lindqvist", "12", 2, "in_person"),
    ("ines-varga", "10", 3, "video"),
    ("noor-castellan", "12", 2, "in_person"),
    ("ines-varga", "12", 1, "in_person"),
    ("daniel-okonjo", "10", 2, "in_person"),
    ("ines-varga", "20", 6, "in_person"),
    ("wren-halloran", "12", 2, "in_person"),
    ("ines-varga", "12", 2, "video"),
    ("tomas-adeyemi", "10", 1, "phone"),
    ("priya-lindqvist", "16", 2, "video"),
    ("ines-varga", "12", 2, "in_person"),
    ("noor-castellan", "12", 1, "in_person"),
    ("daniel-okonjo", "12", 1, "in_person"),
    ("tomas-adeyemi", "12", 3, "video"),
    ("priya-lindqvist", "12", 1, "in_person"),
    ("ines-varga", "12", 1, "in_person"),
    ("noor-castellan", "16", 1, "video"),
    ("daniel-okonjo", "12", 1, "in_person"),
    ("tomas-adeyemi", "12", 1, "video"),
    ("priya-lindqvist", "12", 1, "in_person"),
    ("ines-varga", "10", 1, "phone"),
    ("noor-castellan", "10", 2, "in_person"),
    ("daniel-okonjo", "12", 1, "video"),
    ("wren-halloran", "12", 1, "in_person"),
    ("tomas-adeyemi", "16", 1, "video"),
    ("priya-lindqvist", "12", 1, "video"),
    ("noor-castellan", "12", 2, "in_person"),
    ("daniel-okonjo", "20", 2, "in_person"),
    ("tomas-adeyemi", "12", 1, "phone"),
    ("priya-lindqvist", "12", 1, "in_person"),
    ("noor-castellan", "12", 1, "in_person"),
    ("daniel-okonjo", "12", 1, "in_person"),
)
MISSED = {  # by place in COURSES: after so many sessions, what happened to the next visit
    1: ((3, "no_show"),),
    3: ((2, "early"),),
    6: ((2, "late"),),
    9: ((4, "practice"),),
    14: ((1, "early"),),
    17: ((3, "no_show"),),
    23: ((1, "late"),),
    31: ((1, "no_show"),),
}
ENDED = (  # completed when goals were met, after six sessions or more
    ("ines-varga", "10", 6, "in_person"),
    ("noor-castellan", "10", 6, "video"),
)
THERAPISTS = (
    "ines-varga",
    "tomas-adeyemi",
    "priya-lindqvist",
    "noor-castellan",
    "daniel-okonjo",
    "wren-halloran",
)
SHARES = {  # of sixty people
    Stage.IN_COURSE: 36,
    Stage.BOOKED_TALK: 10,
    Stage.INVITED: 7,
    Stage.COMPLETED: 2,
    Stage.HAD_TALK: 5,
}
WHOLE = 60
ROSA = "Rosa Meier"
CLINIC = 142  # (541) 555-0142 is the clinic itself


def address_of(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@{DOMAIN}"


def roster(count: int, chance: random.Random) -> list[Sketch]:
    """``count`` people (1 to 60) in the shares of the whole clinic; Rosa Meier is the first."""
    if not 1 <= count <= WHOLE:
        raise ValueError(f"The demo clinic has 1 to {WHOLE} patients, not {count}.")
    wanted = {stage: max(1, round(share * count / WHOLE)) for stage, share in SHARES.items()}
    wanted[Stage.IN_COURSE] += count - sum(wanted.values())
    if wanted[Stage.IN_COURSE] < 1:
        wanted = {Stage.IN_COURSE: count}
    stages = [stage for stage, number in wanted.items() for _ in range(number)]
    names = [ROSA, *(f"{first} {last}" for first, last in zip(FIRST, LAST, strict=True))]
    places = dict.fromkeys(Stage, 0)
    people = []
    for number, stage in enumerate(stages):
        people.append(sketch(names[number], number, stage, places[stage], chance))
        places[stage] += 1
    return people


def phone_of(number: int) -> str:
    """A number of the block that is kept free for stories, and not the clinic's own."""
    last = 101 + number
    return f"+1541555{last + (last >= CLINIC):04}"


def sketch(name: str, number: int, stage: Stage, place: int, chance: random.Random) -> Sketch:
    """One person, the ``place``-th of the stage. Rosa Meier's facts are fixed: she is shown to newcomers."""
    with_course = {Stage.IN_COURSE: COURSES, Stage.COMPLETED: ENDED}.get(stage)
    if with_course:
        therapist, template, attended, modality = with_course[place]
    else:
        therapist, template, attended = THERAPISTS[(place + 1) % 5], "12", 0
        modality = "video" if therapist == "tomas-adeyemi" else ("video", "in_person")[place % 2]
    low = chance.randint(4, 6)
    remote = modality != "in_person"
    home = MOUNTAIN if therapist in ("noor-castellan", "daniel-okonjo") else PACIFIC
    return Sketch(
        name=name,
        email=address_of(name),
        phone=phone_of(number) if name == ROSA or chance.random() < 0.8 else "",
        stage=stage,
        therapist=therapist,
        zone=EASTERN if remote and number % 7 == 3 else home,
        born_on=date(chance.randint(1948, 1999), chance.randint(1, 12), chance.randint(1, 28)),
        template=template,
        attended=attended,
        modality=modality,
        missed=MISSED.get(place, ()) if stage == Stage.IN_COURSE else (),
        email_consent=number % 13 != 12,
        sms_consent=name == ROSA or chance.random() < 0.5,
        street=f"{chance.randint(2, 88)} {chance.choice(STREETS)}",
        step=place,
        baseline=(low + 2, low + chance.randint(1, 3), low + chance.randint(0, 2)),
        better_by=chance.choice((0.1, 0.25, 0.3, 0.45)),
        moods=tuple(chance.choice((0, 1, 1, 2)) for _ in range(8)) + (0,),
    )
