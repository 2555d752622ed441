"""Many reminders that are due at one moment, each of a patient of its own, for proofs and the benchmark.

``python -m tests.planning COUNT DUE`` plans them in the database of DATABASE_URL; DUE is an ISO time.
"""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, datetime, timedelta

import django

AT_ONCE = 1_000  # rows; a statement binds 65,535 values at most


def plan_reminders(count: int, due_at: datetime) -> None:
    """``count`` patients who consented to e-mail, all in one group visit 72 hours after ``due_at``, with its reminder.

    Every patient has an address of its own: what arrives is counted by recipient, so a sender that made new keys could
    not hide a duplicate. Any hour is daytime for somebody, so they live where it is noon.
    """
    from practice import messages, outbox  # noqa: PLC0415  (the caller sets Django up)
    from practice.models import Appointment, ConsentRecord, Patient, User  # noqa: PLC0415
    from tests import cast  # noqa: PLC0415

    clinic = cast.clinic()
    batch = uuid.uuid4().hex[:8]
    therapist = cast.therapist_profile(cast.user(f"Group {batch}"), hours=False)
    users = User.objects.bulk_create(
        (User(email=f"p{number}-{batch}@example.org", name=f"P{number}", password="") for number in range(count)),
        batch_size=AT_ONCE,
    )
    zone = noon_zone(due_at)
    patients = Patient.objects.bulk_create(
        [
            Patient(status="patient", user=user, first_name="P", email=user.email, email_key=user.email, time_zone=zone)
            for user in users
        ],
        batch_size=AT_ONCE,
    )
    ConsentRecord.objects.bulk_create(
        (ConsentRecord(patient=patient, type="EMAIL", decision="given") for patient in patients), batch_size=AT_ONCE
    )
    starts_at = due_at + timedelta(hours=72)
    ends_at, occasion = starts_at + clinic.session.length, uuid.uuid4()
    visits = Appointment.objects.bulk_create(
        [
            Appointment(
                occasion=occasion,
                therapist=therapist,
                patient=patient,
                type=clinic.session,
                location=clinic.location,
                modality="video",
                status="booked",
                starts_at=starts_at,
                ends_at=ends_at,
                guard=(starts_at, ends_at),
                zone=clinic.location.zone,
            )
            for patient in patients
        ],
        batch_size=AT_ONCE,
    )
    just_before = due_at - timedelta(seconds=1)
    planned = [message for visit in visits for message in messages.appointment_reminders(visit, now=just_before)]
    outbox.write(message for message in planned if message.kind == "reminder_early")


def noon_zone(moment: datetime) -> str:
    """A zone in which it is about noon."""
    hours = 12 - moment.astimezone(UTC).hour
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    django.setup()
    plan_reminders(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
