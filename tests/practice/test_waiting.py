"""Somebody else has the row or the lock: what the pages answer, and what is never deleted or overlapped."""

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import booking, changing, confirming, holding, locking, manage_links, patients
from practice.locking import SlotTaken
from practice.models import Appointment, AuditEvent, Patient, Status
from tests import cast
from tests.practice.schedule import contact
from tests.waiting import PATIENCE, beside

DAY = timedelta(days=1)


@pytest.fixture
def people(committed_db):
    return cast.everyone()


def talk(people, starts_in: timedelta = 7 * DAY) -> Appointment:
    """A free talk of somebody new, with its private link."""
    starts_at = timezone.now().replace(minute=0, second=0, microsecond=0) + starts_in
    person = cast.patient_of(None, "Noa", "Brandt", email="noa@example.org", status="prospect")
    row = cast.appointment(
        therapist=people.therapist.therapist, patient=person, starts_at=starts_at, type=cast.clinic().consultation
    )
    manage_links.make(row)
    return row


def kept(row: Appointment) -> None:
    Appointment.objects.select_for_update().get(pk=row.pk)


# -- Pages ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits longer than a moment, or the tests would."""
    monkeypatch.setattr(locking, "PATIENCE", "100ms")


@pytest.mark.parametrize("name", ["cancel", "confirm", "move"])
def test_a_link_that_meets_a_locked_row_is_answered_clearly_and_can_be_sent_again(people, impatient, name, monkeypatch):
    row = talk(people)
    client = Client()
    client.get(manage_links.url_for(row).removeprefix(settings.PUBLIC_URL))
    wanted = client.get(reverse("practice:manage-move", args=[row.uid])).context["picker"].parts[0].times[0].value
    with beside() as other:
        first, let_go = other.keep(kept, row)
        answer = client.post(reverse(f"practice:manage-{name}", args=[row.uid]), {"revision": 0, "starts": wanted})
        assert answer.status_code == 409
        assert f'value="{row.revision}"' in answer.text
        let_go()
        first.result(PATIENCE)
    row.refresh_from_db()
    assert (row.status, row.revision) == (Status.BOOKED, 0)
    again = client.post(reverse(f"practice:manage-{name}", args=[row.uid]), {"revision": 0, "starts": wanted})
    assert again.status_code == 302


@pytest.mark.parametrize("name", ["cancel", "arrive", "attend", "miss"])
def test_the_desk_that_meets_a_locked_row_is_told_in_words(people, impatient, as_, name):
    row = talk(people, DAY / 24 if name == "cancel" else -DAY / 24)
    client = as_(people.front_desk)
    with beside() as other:
        first, let_go = other.keep(kept, row)
        answer = client.post(
            reverse(f"practice:appointment-{name}", args=[row.pk]), {"by_practice": "no", "revision": 0}, follow=True
        )
        assert answer.status_code == 200
        assert "Please try again." in answer.text
        let_go()
        first.result(PATIENCE)
    row.refresh_from_db()
    assert row.status == Status.BOOKED
    assert not AuditEvent.objects.filter(action__in=["cancel", "attendance"]).exists()


# -- Holds ---------------------------------------------------------------------------------------------------------
def old_hold(people) -> Appointment:
    """A hold that ran out two hours ago and whose owner still looks at the form."""
    row = talk(people)
    now = timezone.now()
    Appointment.objects.filter(pk=row.pk).update(
        status=Status.HELD, patient=None, hold_key="mine", held_until=now - DAY / 12, created_at=now
    )
    row.manage_link.delete()
    return Appointment.objects.get(pk=row.pk)


def test_a_hold_that_is_booked_while_old_ones_are_swept_stays_booked(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(
            confirming.confirm_hold, hold=row, token=uuid.uuid4(), contact=contact("rosa@example.org")
        )
        sweep = other.begin_and_wait(holding.expire_holds)
        let_go()
        first.result(PATIENCE)
        assert sweep.result(PATIENCE) == 0
    row.refresh_from_db()
    assert row.status == Status.BOOKED


def test_a_hold_that_is_kept_while_old_ones_are_swept_stays_held(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(holding.extend_hold, hold=row)
        sweep = other.begin_and_wait(holding.expire_holds)
        let_go()
        first.result(PATIENCE)
        assert sweep.result(PATIENCE) == 0
    assert Appointment.objects.filter(pk=row.pk, status=Status.HELD).exists()


def test_a_hold_that_is_booked_while_it_is_given_back_stays_booked(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(
            confirming.confirm_hold, hold=row, token=uuid.uuid4(), contact=contact("rosa@example.org")
        )
        release = other.begin_and_wait(holding.release_hold, hold=row)
        let_go()
        first.result(PATIENCE)
        release.result(PATIENCE)
    row.refresh_from_db()
    assert row.status == Status.BOOKED


# -- Joining two records -------------------------------------------------------------------------------------------
@dataclass
class Twice:
    """One person with two records, a visit on the newer one, and the fields that book or move at the desk."""

    people: cast.Everyone
    visit: Appointment
    source: Patient
    into: Patient

    def merge(self) -> Patient:
        return patients.merge(by=self.people.front_desk, source=self.source, into=self.into)

    def book(self, patient: Patient, starts_at: datetime | None = None) -> Appointment:
        place = cast.clinic()
        return booking.book(
            by=self.people.front_desk,
            therapist=self.people.other_therapist.therapist,
            patient=patient,
            type=place.session,
            modality="video",
            location=place.location,
            starts_at=starts_at or self.visit.starts_at,
            outside_hours=True,
        )

    def move(self) -> Appointment:
        return changing.move(
            by=self.people.front_desk,
            appointment=Appointment.objects.select_related("therapist", "location", "room", "type").get(),
            starts_at=self.visit.starts_at + DAY,
            outside_hours=True,
        )


@pytest.fixture
def twice(people) -> Twice:
    visit = talk(people)
    return Twice(people, visit, visit.patient, people.patient)


def overlapping_visits() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM practice_appointment a JOIN practice_appointment b ON a.patient_id = b.patient_id"
            " AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
            " WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL"
        )
        return cursor.fetchone()[0]


def test_a_visit_booked_while_the_records_are_joined_is_refused_and_nobody_is_in_two_places(twice):
    """The one who books waits for the one who joins, and then sees what was joined."""
    with beside() as other:
        first, let_go = other.keep(twice.merge)
        for_the_heir = other.begin_and_wait(twice.book, twice.into)
        for_the_old = other.begin_and_wait(twice.book, twice.source)
        let_go()
        first.result(PATIENCE)
        with pytest.raises(booking.SlotTaken):
            for_the_heir.result(PATIENCE)
        with pytest.raises(booking.RecordGone):
            for_the_old.result(PATIENCE)
    assert Appointment.objects.get().patient == twice.into


def test_records_joined_while_a_visit_is_booked_are_refused_where_the_visits_overlap(twice):
    with beside() as other:
        first, let_go = other.keep(twice.book, twice.into)
        merge = other.begin_and_wait(twice.merge)
        let_go()
        first.result(PATIENCE)
        with pytest.raises(patients.MergeRefused, match="overlap"):
            merge.result(PATIENCE)
    assert Appointment.objects.get(pk=twice.visit.pk).patient == twice.source


def test_a_move_of_a_visit_whose_record_is_being_joined_is_answered_as_out_of_date(twice):
    with beside() as other:
        first, let_go = other.keep(twice.merge)
        move = other.begin_and_wait(twice.move)
        let_go()
        first.result(PATIENCE)
        with pytest.raises(changing.StaleVersion):
            move.result(PATIENCE)
    assert twice.move().patient == twice.into


def all_at_once(deeds: list[Callable[[], object]]) -> None:
    """Whoever loses is told by name; anything else that is raised ends the test."""
    told = (SlotTaken, patients.MergeRefused, booking.RecordGone, changing.StaleVersion, changing.CannotChange)
    gate = threading.Barrier(len(deeds), timeout=PATIENCE)

    def run(deed: Callable[[], object]) -> None:
        gate.wait()
        with suppress(*told):
            deed()

    with beside() as other:
        for future in [other.begin(run, deed) for deed in deeds]:
            future.result(2 * PATIENCE)


def test_joining_against_booking_and_cancelling_never_deadlocks(people):
    for number in range(6):
        visit = talk(people, (20 + number) * DAY)
        twice = Twice(people, visit, visit.patient, people.patient)
        cancel = partial(changing.cancel, by=people.front_desk, appointment=visit)
        all_at_once([twice.merge, partial(twice.book, twice.into), partial(twice.book, twice.source), cancel])
    assert overlapping_visits() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert cursor.fetchone()[0] == 0


def test_the_page_says_that_somebody_else_has_the_calendar(twice, impatient, as_):
    with beside() as other:
        _first, let_go = other.keep(locking.lock, people=[locking.patient_name(twice.into.pk)])
        Patient.objects.filter(pk=twice.source.pk).update(email_key=twice.into.email_key)
        answer = as_(twice.people.front_desk).post(
            reverse("practice:patient-merge", args=[twice.into.pk]), {"source": twice.source.pk}
        )
        let_go()
    assert answer.status_code == 409
    assert "just now. Please try again." in answer.text
