"""The data set of the benchmark: the size of practice that performance is promised for.

20 therapists, Monday to Friday 9 to 17 in slots of 60 minutes (a visit of 50 and its buffer), 26 weeks ahead with a
given share taken, 50,040 past visits, 10,000 patients. ``history`` multiplies the past only.
Rows are written by the database itself in bulk: what is measured is reading and booking, not the making of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from practice.models import AppointmentType, StaffRole, Therapist, User, WorkingHours
from practice.roles import Role
from tests import cast

THERAPISTS = 20
PATIENTS = 10_000
PAST_VISITS = 50_040
WEEKS_AHEAD = 26
HOURS = range(9, 17)
ZONE = "America/Los_Angeles"


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def fill(*, taken_percent: int = 50, history: int = 1) -> None:
    """Fill an empty, migrated database. ``taken_percent`` of the coming slots are booked, by a fixed rule."""
    clinic = cast.clinic()
    AppointmentType.objects.update(
        slot_step=timedelta(minutes=60), horizon=timedelta(weeks=WEEKS_AHEAD), lead_time=timedelta(hours=1)
    )
    AppointmentType.objects.filter(code="CONSULT_FREE").update(
        length=timedelta(minutes=50), buffer_after=timedelta(minutes=10)
    )
    users = [
        User(email=f"therapist{n}@bench.example", name=f"Therapist {n:02}", password="!") for n in range(THERAPISTS)
    ]
    User.objects.bulk_create([*users, User(email="desk@bench.example", name="Desk", password="!")])
    people = list(User.objects.filter(email__startswith="therapist").order_by("pk"))
    StaffRole.objects.bulk_create(StaffRole(user=user, role=Role.THERAPIST) for user in people)
    StaffRole.objects.create(user=User.objects.get(email="desk@bench.example"), role=Role.FRONT_DESK)
    Therapist.objects.bulk_create(
        Therapist(user=user, slug=f"t{number}", sort_key=user.name.lower(), languages=["en"])
        for number, user in enumerate(people)
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            therapist=therapist,
            location=clinic.location,
            weekday=day,
            starts=time(9),
            ends=time(17),
            modalities=cast.ALL_MODALITIES,
            valid_from=date(2015, 1, 1),
        )
        for therapist in Therapist.objects.all()
        for day in range(5)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO practice_patient (status, first_name, last_name, name_to_use, pronouns, email, email_key,
                 phone, time_zone, voicemail, do_not_contact, access_needs, created_at)
               SELECT 'patient', 'P' || n, 'Bench' || n, '', '', '', '', '', %s, 'no', '', '', %s
               FROM generate_series(1, %s) n""",
            [ZONE, timezone.now(), PATIENTS],
        )
        with guards_down(cursor):
            visits(cursor, clinic, ahead=True, share=taken_percent, weeks=WEEKS_AHEAD)
            weeks_back = -(-PAST_VISITS * history // (THERAPISTS * 5 * len(HOURS)))
            visits(cursor, clinic, ahead=False, share=100, weeks=weeks_back, limit=PAST_VISITS * history)
        cursor.execute("ANALYZE")


@contextmanager
def guards_down(cursor) -> Iterator[None]:
    """Fill without exclusion constraints and history triggers, then build the constraints again over the rows.

    Row by row the constraints would cost minutes; built afterwards they still prove that the data set has no overlap.
    """
    cursor.execute(
        """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = 'practice_appointment'::regclass AND contype = 'x' ORDER BY conname"""
    )
    guards = cursor.fetchall()
    cursor.execute("ALTER TABLE practice_appointment DISABLE TRIGGER USER")
    for name, _definition in guards:
        cursor.execute(f"ALTER TABLE practice_appointment DROP CONSTRAINT {name}")
    yield
    for name, definition in guards:
        cursor.execute(f"ALTER TABLE practice_appointment ADD CONSTRAINT {name} {definition}")
    cursor.execute("ALTER TABLE practice_appointment ENABLE TRIGGER USER")


def visits(cursor, clinic: cast.Clinic, *, ahead: bool, share: int, weeks: int, limit: int | None = None) -> None:
    """Insert ``share`` percent of the slots of ``weeks`` weeks, forward from today or back from last week."""
    start = monday(timezone.now().date())
    first = start if ahead else start - timedelta(weeks=weeks)
    cursor.execute(
        """INSERT INTO practice_appointment (uid, occasion, therapist_id, patient_id, location_id, type_id, modality,
             status, starts_at, ends_at, guard, zone, revision, price_cents, staff_note, hold_key, hold_address,
             late_minutes,
             attended_short, cancel_reason, created_at)
           SELECT gen_random_uuid(), gen_random_uuid(), t.id,
             (SELECT min(id) FROM practice_patient) + (t.n - 1) * %s + (d.n * 8 + h) %% %s,
             %s, %s, 'video', %s, s, s + interval '50 minutes', tstzrange(s, s + interval '60 minutes', '[)'),
             %s, 0, 14000, '', '', '', 0, false, '', %s
           FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM practice_therapist) t
           CROSS JOIN generate_series(0, %s) d(n)
           CROSS JOIN generate_series(9, 16) h
           CROSS JOIN LATERAL (SELECT ((%s::date + d.n) + make_time(h, 0, 0)) AT TIME ZONE %s AS s) x
           WHERE extract(isodow FROM %s::date + d.n) < 6 AND (t.n * 7 + d.n * 13 + h * 31) %% 100 < %s
           ORDER BY s DESC LIMIT %s""",
        [
            PATIENTS // THERAPISTS,
            PATIENTS // THERAPISTS,
            clinic.location.pk,
            clinic.session.pk,
            "booked" if ahead else "attended",
            ZONE,
            timezone.now(),
            weeks * 7 - 1,
            first,
            ZONE,
            first,
            share,
            limit,
        ],
    )


def busiest_week() -> date:
    """A Monday inside the filled weeks."""
    return monday(timezone.now().date()) + timedelta(weeks=2)


def now_utc() -> datetime:
    return datetime.now(UTC)
