"""How often one person may book: the visits of an e-mail address, a number and a record are found by indexes."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from practice import booking, confirming
from practice.models import Appointment, Patient
from tests.practice.schedule import TUESDAY_NINE, contact, frozen, held

__all__ = ["frozen"]
NUMBER = "+15415550177"


MANY = 3_000

PEOPLE = """
INSERT INTO practice_patient (status, first_name, last_name, name_to_use, pronouns, email, email_key, phone, time_zone,
  voicemail, do_not_contact, access_needs, created_at)
SELECT 'prospect', 'Person', n::text, '', '', n || '@example.net', n || '@example.net',
  '+1541556' || to_char(n, 'FM0000'), 'UTC',
  'no', '', '', %(now)s FROM generate_series(1, %(many)s) AS n
"""
VISITS = """
INSERT INTO practice_appointment (uid, occasion, therapist_id, patient_id, location_id, type_id, modality, status,
  starts_at, ends_at, guard, zone, revision, price_cents, staff_note, hold_key, hold_address, late_minutes,
  attended_short, cancel_reason, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), %(therapist)s, p.id, %(location)s, %(type)s, 'video', 'booked',
  begins, begins + interval '20 minutes', tstzrange(begins, begins + interval '20 minutes'), 'UTC', 0, 0, '', '', '', 0,
  false, '', %(now)s
FROM practice_patient p, LATERAL (SELECT %(now)s + (p.last_name::int + 200) * interval '1 hour' AS begins)
WHERE p.email LIKE '%%@example.net'
"""


@pytest.fixture
def town(frozen, clinic, other_therapist) -> None:
    """A few thousand people with a visit each, so that PostgreSQL plans as it does in a practice."""
    values = {
        "now": timezone.now(), "many": MANY, "therapist": other_therapist.therapist.pk, "type": clinic.consultation.pk,
        "location": clinic.location.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, values)
        cursor.execute(VISITS, values)
        cursor.execute("ANALYZE practice_patient, practice_appointment")


def plan_of(queries: CaptureQueriesContext) -> str:
    """How PostgreSQL finds the visits of one person."""
    (asked,) = {
        query["sql"] for query in queries if query["sql"].startswith("SELECT") and '"email_key" =' in query["sql"]
    }
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_visitors_visits_are_found_by_address_and_number(town, clinic, therapist):
    row = held(clinic, therapist, TUESDAY_NINE)
    with CaptureQueriesContext(connection) as queries:
        confirming.confirm_hold(hold=row, token=uuid.uuid4(), contact=contact("rosa@example.org", phone=NUMBER))
    plan = plan_of(queries)
    assert "Bitmap Index Scan on practice_patient_email_key" in plan
    assert "Bitmap Index Scan on patient_by_phone" in plan
    assert "Seq Scan" not in plan


def test_a_patients_visits_are_found_by_address_number_and_record(town, clinic, therapist, patient):
    Patient.objects.filter(pk=patient.pk).update(phone=NUMBER)
    patient.refresh_from_db()
    row = held(clinic, therapist, TUESDAY_NINE)
    with CaptureQueriesContext(connection) as queries:
        confirming.confirm_hold(hold=row, token=uuid.uuid4(), patient=patient)
    plan = plan_of(queries)
    for index in ("practice_patient_email_key", "patient_by_phone", "practice_patient_pkey"):
        assert f"Bitmap Index Scan on {index}" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("who", [{"email": "rosa@example.org"}, {"email": "other@example.org", "phone": NUMBER}])
def test_the_same_address_or_the_same_number_is_the_same_person(frozen, clinic, therapist, who):
    first = held(clinic, therapist, TUESDAY_NINE)
    confirming.confirm_hold(hold=first, token=uuid.uuid4(), contact=contact("rosa@example.org", phone=NUMBER))
    second = held(clinic, therapist, TUESDAY_NINE + timedelta(hours=1))
    with pytest.raises(booking.LimitReached):
        confirming.confirm_hold(hold=second, token=uuid.uuid4(), contact=contact(**who))
    assert Appointment.objects.exclude(patient=None).count() == 1


def test_the_index_can_be_built_again_where_building_broke_off(committed_db):
    with connection.cursor() as cursor:
        call_command("migrate", "practice", "0007", verbosity=0)
        assert "patient_by_phone" not in connection.introspection.get_constraints(cursor, "practice_patient")
        cursor.execute("CREATE INDEX patient_by_phone ON practice_patient (phone)")  # as a broken build leaves one
        call_command("migrate", verbosity=0)
        assert "patient_by_phone" in connection.introspection.get_constraints(cursor, "practice_patient")
