"""The cast of the tests: a small clinic and one person for every role, a stranger beside each patient and therapist."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from practice.models import (
    Appointment,
    AppointmentType,
    CareAssignment,
    Location,
    Modality,
    Patient,
    Practice,
    Room,
    StaffRole,
    Status,
    Therapist,
    User,
    WorkingHours,
)
from practice.roles import Role

ALL_MODALITIES = [Modality.IN_PERSON, Modality.VIDEO, Modality.PHONE]
ROOMS = ["Room 1", "Room 2"]


@dataclass
class Clinic:
    practice: Practice
    location: Location
    room: Room
    other_room: Room
    consultation: AppointmentType
    session: AppointmentType


def clinic() -> Clinic:
    """Make the practice, or return it where a fixture made it before."""
    if practice := Practice.objects.first():
        kinds = AppointmentType.objects.in_bulk(field_name="code")
        first, second = Room.objects.select_related("location").order_by("pk")[: len(ROOMS)]
        return Clinic(practice, first.location, first, second, kinds["CONSULT_FREE"], kinds["SESSION"])
    practice = Practice.objects.create(
        pk=1,
        name="Tern Bay Clinic",
        short_name="Tern Bay",
        phone="+15415550142",
        address="14 Quay Street, Tern Bay, Oregon",
        opening_hours="Monday to Friday, 8 am to 6 pm Pacific",
        is_demo=True,  # the tests run in the demo setting, which refuses a real practice
    )
    location = Location.objects.create(
        name="Quay Street", address="14 Quay Street, Tern Bay", zone="America/Los_Angeles"
    )
    first, second = Room.objects.bulk_create(Room(location=location, name=name) for name in ROOMS)
    consultation = AppointmentType.objects.create(
        code=AppointmentType.Code.CONSULT_FREE,
        name="Free talk",
        length=timedelta(minutes=20),
        modalities=ALL_MODALITIES,
        is_public=True,
        per_therapist_limit=1,
        per_person_limit=3,
        is_clinical=False,
    )
    session = AppointmentType.objects.create(
        code=AppointmentType.Code.SESSION,
        name="Session",
        length=timedelta(minutes=50),
        buffer_after=timedelta(minutes=10),
        slot_step=timedelta(minutes=60),
        modalities=ALL_MODALITIES,
        for_patients=True,
    )
    return Clinic(practice, location, first, second, consultation, session)


def user(name: str, *roles: Role) -> User:
    account = User.objects.create_user(
        f"{name.lower().replace(' ', '.')}@example.org", "correct horse battery", name=name
    )
    StaffRole.objects.bulk_create(StaffRole(user=account, role=role) for role in roles)
    return account


def therapist_profile(account: User, *, hours: bool = True) -> Therapist:
    profile = Therapist.objects.create(
        user=account,
        slug=account.name.lower().replace(" ", "-"),
        sort_key=account.name.split()[-1].lower(),
        languages=["en"],
        credentials="PsyD",
        licence_number="OR-0001",
    )
    if hours:
        location = clinic().location
        WorkingHours.objects.bulk_create(
            WorkingHours(
                therapist=profile,
                location=location,
                weekday=day,
                starts=time(9),
                ends=time(17),
                modalities=ALL_MODALITIES,
                valid_from=date(2020, 1, 1),
            )
            for day in range(5)
        )
    return profile


def patient_of(account: User | None, first: str, last: str, **fields) -> Patient:
    email = account.email if account else fields.pop("email", "")
    return Patient.objects.create(
        status=fields.pop("status", Patient.Status.PATIENT),
        user=account,
        first_name=first,
        last_name=last,
        email=email,
        email_key=email.lower(),
        **fields,
    )


def care(patient: Patient, clinician: User, role: str = CareAssignment.CareRole.TREATING) -> CareAssignment:
    return CareAssignment.objects.create(
        patient=patient,
        clinician=clinician,
        role=role,
        starts_at=timezone.now() - timedelta(days=30),
        reason="test cast",
    )


def appointment(*, therapist: Therapist, patient: Patient, starts_at: datetime, **fields) -> Appointment:
    """A row as ``book()`` would leave it, for tests that need one without booking it."""
    place = clinic()
    kind = fields.pop("type", place.session)
    ends_at = fields.pop("ends_at", starts_at + kind.length)
    return Appointment.objects.create(
        therapist=therapist,
        patient=patient,
        type=kind,
        location=fields.pop("location", place.location),
        modality=fields.pop("modality", Modality.VIDEO),
        status=fields.pop("status", Status.BOOKED),
        starts_at=starts_at,
        ends_at=ends_at,
        zone=fields.pop("zone", place.location.zone),
        guard=(starts_at - kind.buffer_before, ends_at + kind.buffer_after),
        **fields,
    )


def at(text: str) -> datetime:
    """``at("2026-05-12 18:00")``: that instant in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


# name of the fixture: how the person comes to be. Therapists and patients know each other as the names say.
def _therapist() -> User:
    account = user("Ines Varga", Role.THERAPIST)
    therapist_profile(account)
    return account


def _other_therapist() -> User:
    account = user("Tomas Adeyemi", Role.THERAPIST)
    therapist_profile(account)
    return account


def _trainee() -> User:
    account = user("Wren Halloran", Role.TRAINEE)
    therapist_profile(account)
    return account


PEOPLE = {
    "therapist": _therapist,
    "other_therapist": _other_therapist,
    "trainee": _trainee,
    "supervisor": lambda: user("Sefa Lindholm", Role.SUPERVISOR),
    "front_desk": lambda: user("Marlow Beck", Role.FRONT_DESK),
    "manager": lambda: user("Adair Novak", Role.MANAGER),
    "patient": lambda: patient_of(user("Rosa Meier"), "Rosa", "Meier"),
    "other_patient": lambda: patient_of(user("Leon Abara"), "Leon", "Abara"),
}


def person_fixture(name: str):
    """A fixture that makes one person of the cast. ``patient`` and ``other_patient`` are Patient rows with accounts."""

    def make(clinic):
        return PEOPLE[name]()

    make.__name__ = name
    return pytest.fixture(make)


@dataclass
class Everyone:
    """All of the cast at once: ``therapist`` treats ``patient``, ``other_therapist`` treats ``other_patient``."""

    people: dict[str, object]

    def __getattr__(self, name: str):
        return self.people[name]


def everyone() -> Everyone:
    clinic()
    people = {name: make() for name, make in PEOPLE.items()}
    care(people["patient"], people["therapist"])
    care(people["other_patient"], people["other_therapist"])
    return Everyone(people)
