"""The kinds of visits a practice begins with, and their rules. Words and numbers are the practice's from then on."""

from __future__ import annotations

from datetime import timedelta

from practice.models import AppointmentType, Modality

EVERY_WAY = [Modality.IN_PERSON, Modality.VIDEO, Modality.PHONE]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def make_kinds(*, session_cents: int, joint_cents: int) -> None:
    """Make every kind there is: the free talk of clinical.md F31, and what a patient pays for, in cents a visit."""
    Code = AppointmentType.Code
    AppointmentType.objects.create(
        code=Code.CONSULT_FREE,
        name="Free talk",
        length=20 * MINUTE,
        slot_step=20 * MINUTE,
        buffer_after=10 * MINUTE,
        modalities=[Modality.VIDEO, Modality.PHONE, Modality.IN_PERSON],
        is_public=True,
        for_patients=False,
        per_therapist_limit=1,
        per_person_limit=3,
        is_clinical=False,
        change_deadline=4 * HOUR,
    )
    for code, name, cents in (
        (Code.SESSION, "Session", session_cents),
        (Code.BOOSTER, "Booster", session_cents),
        (Code.FAMILY, "Joint session", joint_cents),
    ):
        AppointmentType.objects.create(
            code=code,
            name=name,
            length=50 * MINUTE,
            slot_step=60 * MINUTE,
            buffer_after=10 * MINUTE,
            modalities=EVERY_WAY,
            for_patients=True,
            change_deadline=24 * HOUR,
            price_cents=cents,
        )
