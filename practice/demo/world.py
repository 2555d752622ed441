"""What the acts of the demo clinic share: its people at work, its chance, its clock."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from education.models import Article
from intake.models import InstrumentVersion
from practice.demo.calendar import Calendar
from practice.demo.people import Sketch
from practice.demo.timeline import Timeline
from practice.models import Appointment, AppointmentType, Location, Patient, Therapist, User
from sessions.models import Course


@dataclass
class Person:
    """One patient as the story goes on. ``chance`` is their own, so that nobody's story depends on another's."""

    sketch: Sketch
    chance: random.Random
    patient: Patient | None = None
    course: Course | None = None
    visits: list[Appointment] = field(default_factory=list)
    signed: int = 0
    to_finish: Appointment | None = None  # the visit whose note stays half written

    @property
    def user(self) -> User:
        return self.patient.user

    def token(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128))


@dataclass
class World:
    """The clinic, its staff and what they work with."""

    now: datetime
    timeline: Timeline
    calendar: Calendar
    people: list[Person]
    therapists: dict[str, Therapist]
    staff: dict[str, User]
    kinds: dict[str, AppointmentType]
    places: dict[str, Location]
    instruments: dict[str, InstrumentVersion] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)

    @staticmethod
    def clock() -> datetime:
        """The moment the story has reached."""
        return timezone.now()

    @property
    def desk(self) -> User:
        return self.staff["front-desk"]

    def therapist_of(self, person: Person) -> Therapist:
        return self.therapists[person.sketch.therapist]

    def place_of(self, person: Person) -> Location:
        return self.places["Millrace" if person.sketch.therapist in ("noor-castellan", "daniel-okonjo") else "Tern Bay"]
