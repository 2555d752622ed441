"""Prospects from whom nothing followed are erased after 90 days, with their history; nobody else can be."""

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from practice import booking, clearing, invitations, patients
from practice.models import (
    Appointment,
    AuditEvent,
    CareAssignment,
    ConsentRecord,
    Erasure,
    Invitation,
    ManageLink,
    Message,
    Patient,
    Status,
)
from tests import cast
from tests.practice.prospects import DAY, EMAIL, LAST, NUMBER, prospect, prospect_of
from tests.waiting import PATIENCE, beside

__all__ = ["prospect"]
ROAD = "SELECT practice_erase_prospect(%s)"


def rows_with(*words: str) -> dict[str, int]:
    """Every table of the database in which one of the words stands, with the number of such rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE ANY (%s)', [[f"%{w}%" for w in words]]
            )
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


def as_app_role():
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")


# -- Erased ------------------------------------------------------------------------------------------------------------
def test_nothing_of_the_person_is_left_in_any_table(prospect):
    trace = (EMAIL, NUMBER, LAST)
    before = rows_with(*trace)
    assert {"practice_patient", "practice_patientevent"} <= set(before)
    as_app_role()
    assert clearing.erase_idle_prospects() == 1
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert rows_with(*trace) == {}
    for model in (Patient, Appointment, ManageLink, Message, ConsentRecord, CareAssignment, Invitation):
        assert not model.objects.exists(), model
    for model in (Patient, Appointment, CareAssignment):
        assert not model.pgh_event_model.objects.exists(), model


def test_the_erasure_is_certified_and_audited_and_the_audit_trail_stays(prospect):
    before = list(AuditEvent.objects.order_by("pk").values())
    clearing.erase_idle_prospects()
    *earlier, last = AuditEvent.objects.order_by("pk").values()
    assert earlier == before
    assert (last["action"], last["patient_id"], last["object_id"]) == ("erase", prospect.pk, str(prospect.pk))
    assert last["detail"]["rows"] > 10
    assert Erasure.objects.get().patient_id == prospect.pk


def test_a_cancelled_talk_counts_from_its_cancellation(clinic, therapist):
    """The talk itself would have been 87 days ago."""
    prospect_of(87, therapist)  # booked, and consented to, 92 days ago
    Appointment.objects.update(status=Status.CANCELLED_EARLY, cancelled_at=timezone.now() - 89 * DAY)
    assert clearing.erase_idle_prospects() == 0
    Appointment.objects.update(cancelled_at=timezone.now() - 91 * DAY)
    assert clearing.erase_idle_prospects() == 1


def test_somebody_who_only_called_is_erased_too(clinic, front_desk):
    called = patients.add_patient(by=front_desk, first_name="Noa", last_name="Brandt", phone=NUMBER)
    assert clearing.erase_idle_prospects() == 0
    Patient.objects.filter(pk=called.pk).update(created_at=timezone.now() - 91 * DAY)
    assert clearing.erase_idle_prospects() == 1


@pytest.mark.parametrize("outcome", ["refer_on", "not_suitable", "think"])
def test_a_free_talk_that_led_nowhere_goes_with_what_was_said_of_it(prospect, therapist, outcome):
    recorded(prospect, therapist, outcome)
    as_app_role()
    assert clearing.erase_idle_prospects() == 1
    for name in ("ConsultationOutcome", "ConsultationOutcomeEvent"):
        assert not apps.get_model("therapy_sessions", name).objects.exists()


def test_records_that_were_joined_into_the_prospect_go_along(prospect, therapist, front_desk):
    again = prospect_of(120, therapist, "second.try@example.org", "")
    patients.merge(by=front_desk, source=again, into=prospect)
    assert clearing.erase_idle_prospects() == 1
    assert rows_with(EMAIL, "second.try", LAST) == {}
    assert set(Erasure.objects.values_list("patient_id", flat=True)) == {prospect.pk, again.pk}


def test_one_run_is_bounded(clinic, therapist, other_therapist, monkeypatch):
    monkeypatch.setattr(clearing, "A_PAGE", 2)
    for number in range(5):
        prospect_of(92 + 3 * number, therapist, f"nobody{number}@example.org", "")
    assert clearing.erase_idle_prospects(most=3) == 3
    assert clearing.erase_idle_prospects(most=3) == 2
    assert clearing.erase_idle_prospects(most=3) == 0


# -- Kept --------------------------------------------------------------------------------------------------------------
def recorded(prospect, therapist, outcome="book_intake") -> None:
    apps.get_model("therapy_sessions", "ConsultationOutcome").objects.create(
        patient=prospect, appointment=prospect.appointments.get(), outcome=outcome, recorded_by=therapist, note="x"
    )


def an_account(prospect, therapist):
    Patient.objects.filter(pk=prospect.pk).update(user=cast.user("Somebody New"))


def an_accepted_invitation(prospect, therapist):
    invitations.invite_patient(by=therapist, patient=prospect)
    long_ago = timezone.now() - 95 * DAY
    Invitation.objects.update(
        created_at=long_ago, expires_at=long_ago, accepted_at=long_ago, accepted_by=cast.user("Somebody New")
    )


def a_fresh_invitation(prospect, therapist):
    invitations.invite_patient(by=therapist, patient=prospect)


def a_consent_to_treatment(prospect, therapist):
    ConsentRecord.objects.create(
        patient=prospect, type="TREATMENT", decision="given", at=timezone.now() - 95 * DAY, channel="paper"
    )


def a_fresh_withdrawal(prospect, therapist):
    ConsentRecord.objects.create(patient=prospect, type="EMAIL", decision="withdrawn", channel="verbal")


def care_for_another_reason(prospect, therapist):
    cast.care(prospect, cast.user("Sefa Lindholm"))


def a_later_visit(prospect, therapist):
    starts_at = timezone.now() - 10 * DAY
    cast.appointment(
        therapist=therapist.therapist, patient=prospect, starts_at=starts_at, type=cast.clinic().consultation,
        status=Status.NO_SHOW,
    )  # fmt: skip


def a_session(prospect, therapist):
    starts_at = timezone.now() - 100 * DAY
    cast.appointment(
        therapist=therapist.therapist, patient=prospect, starts_at=starts_at, type=cast.clinic().session,
        status=Status.ATTENDED,
    )  # fmt: skip


def acceptance(prospect, therapist):
    Patient.objects.filter(pk=prospect.pk).update(status=Patient.Status.PATIENT)


def reading(prospect, therapist):
    article = apps.get_model("education", "Article").objects.create(code="A99", slug="a99", title="Pain and sleep")
    version = apps.get_model("education", "ArticleVersion").objects.create(
        article=article, number=1, title=article.title, body="Words.", checksum="0"
    )
    apps.get_model("education", "ArticleAssignment").objects.create(
        patient=prospect, article_version=version, assigned_by=therapist
    )


def registration(prospect, therapist):
    apps.get_model("intake", "Registration").objects.create(patient=prospect)


FOLLOWS = [
    an_account, an_accepted_invitation, a_fresh_invitation, a_consent_to_treatment, a_fresh_withdrawal,
    care_for_another_reason, a_later_visit, a_session, acceptance, recorded, reading, registration,
]  # fmt: skip


@pytest.mark.parametrize("follows", FOLLOWS, ids=lambda follows: follows.__name__)
def test_who_has_anything_following_is_left_alone(prospect, therapist, follows):
    follows(prospect, therapist)
    trace = rows_with(EMAIL, NUMBER, LAST)
    assert clearing.erase_idle_prospects() == 0
    with pytest.raises(clearing.StillNeeded):
        clearing.erase_prospect(by=None, patient_id=prospect.pk)
    assert rows_with(EMAIL, NUMBER, LAST) == trace
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("follows", FOLLOWS, ids=lambda follows: follows.__name__)
def test_the_role_that_serves_cannot_use_the_road_for_anybody_else(prospect, therapist, follows):
    follows(prospect, therapist)
    as_app_role()
    with pytest.raises(DatabaseError, match="follows from patient"), transaction.atomic():
        connection.cursor().execute(ROAD, [prospect.pk])
    assert Patient.objects.filter(pk=prospect.pk).exists()


def test_eighty_nine_days_are_not_enough_whatever_clock_the_application_has(clinic, therapist):
    young = prospect_of(89, therapist)
    assert clearing.erase_idle_prospects() == 0
    with time_machine.travel(timezone.now() + 30 * DAY):
        assert clearing.erase_idle_prospects() == 0
    with pytest.raises(DatabaseError, match="follows from patient"), transaction.atomic():
        connection.cursor().execute(ROAD, [young.pk])


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM practice_consentrecord",
        "INSERT INTO practice_erasure (patient_id) SELECT id FROM practice_patient",
        "UPDATE practice_erasure SET patient_id = 1",
        "DELETE FROM practice_erasure",
        "ALTER FUNCTION practice_nothing_follows(bigint, timestamptz) RENAME TO gone",
    ],
)
def test_the_role_that_serves_has_no_other_road(prospect, attack):
    as_app_role()
    with pytest.raises(DatabaseError, match="permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(attack)


TRAP = [
    "CREATE TEMP TABLE trapevent (pgh_obj_id bigint, patient_id bigint)",
    "CREATE TEMP TABLE sprung (who text)",
    "INSERT INTO trapevent SELECT id, id FROM practice_patient",
    """CREATE FUNCTION pg_temp.spring() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO pg_temp.sprung VALUES (current_user); RETURN NULL; END $$""",
    "CREATE TRIGGER trap AFTER DELETE ON trapevent FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.spring()",
    "GRANT ALL ON trapevent, sprung TO PUBLIC",
]


def test_a_table_of_the_callers_own_that_looks_like_a_history_is_not_touched_as_the_owner(prospect):
    as_app_role()
    with connection.cursor() as cursor:
        for statement in TRAP:
            cursor.execute(statement)
        cursor.execute(ROAD, [prospect.pk])
        cursor.execute("SELECT (SELECT count(*) FROM sprung), (SELECT count(*) FROM trapevent)")
        assert cursor.fetchone() == (0, 1)
    assert not Patient.objects.filter(pk=prospect.pk).exists()


def test_the_owner_deletes_no_consent_in_passing(prospect, therapist):
    other = prospect_of(120, therapist, "second.try@example.org", "")
    clearing.erase_prospect(by=None, patient_id=prospect.pk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("DELETE FROM practice_consentrecord")
    assert ConsentRecord.objects.filter(patient=other).count() == 1


def test_erasing_ends_the_leave_to_change_append_only_history(prospect, other_patient, therapist):
    cast.care(other_patient, therapist)
    clearing.erase_prospect(by=None, patient_id=prospect.pk)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        connection.cursor().execute("DELETE FROM practice_careassignmentevent")


def test_a_visit_booked_while_the_person_is_erased_is_refused_by_name(committed_db):
    people = cast.everyone()
    gone = prospect_of(91, people.therapist)
    visit = {
        "by": people.front_desk, "therapist": people.therapist.therapist, "patient": gone, "modality": "video",
        "type": cast.clinic().session, "location": cast.clinic().location, "outside_hours": True,
        "starts_at": timezone.now() + 3 * DAY,
    }  # fmt: skip
    with beside() as other:
        first, let_go = other.keep(clearing.erase_prospect, by=None, patient_id=gone.pk)
        book = other.begin_and_wait(booking.book, **visit)
        let_go()
        first.result(PATIENCE)
        with pytest.raises(booking.RecordGone):
            book.result(PATIENCE)
    assert not Patient.objects.filter(pk=gone.pk).exists()


def test_the_migration_goes_back_and_forth_and_consents_stay_refused_to_everybody(committed_db):
    prospect_of(91, cast.everyone().therapist)
    call_command("migrate", "practice", "0008", verbosity=0)
    for name in ("0008", "0009"):
        call_command("migrate", "practice", name, verbosity=0)
        for attack in ("DELETE FROM", "UPDATE", "TRUNCATE"):
            change = " SET signed_name = 'x'" if attack == "UPDATE" else ""
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                connection.cursor().execute(f"{attack} practice_consentrecord{change}")
    assert clearing.erase_idle_prospects() == 1
