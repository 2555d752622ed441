"""Prospects from whom nothing followed are erased after 90 days, with their history; nobody else can be."""

import os
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from practice import booking, clearing, confirming, heartbeat, holding, invitations, patients, status
from practice.availability import first_free, offer
from practice.booking import Times
from practice.celery import app
from practice.logging import ALLOWED_KEYS
from practice.models import (
    Appointment,
    AuditEvent,
    CareAssignment,
    ConsentRecord,
    Erasure,
    Heartbeat,
    Invitation,
    ManageLink,
    Message,
    Patient,
    Status,
)
from practice.tasks import tidy
from tests import cast
from tests.limits import wait_until
from tests.practice.schedule import contact
from tests.waiting import PATIENCE, beside

DAY = timedelta(days=1)
EMAIL, NUMBER, LAST = "somebody.new@example.org", "+15415550188", "Quillfeather"
ROAD = "SELECT practice_erase_prospect(%s)"


def prospect_of(days: int, therapist, email: str = EMAIL, phone: str = NUMBER) -> Patient:
    """Somebody who booked a free talk on the website, which ended about ``days`` days ago."""
    place = cast.clinic()
    with time_machine.travel(timezone.now() - (days + 5) * DAY, tick=False):
        now = timezone.now()
        free = first_free(offer(slug=therapist.therapist.slug, modality="video"), 200, now=now)
        slot = next(slot for slot in free if slot.starts_at > now + 4 * DAY)
        held = holding.hold(
            therapist=therapist.therapist, type=place.consultation, modality="video", location=place.location,
            starts_at=slot.starts_at, session_key=uuid.uuid4().hex, address=email,
        )  # fmt: skip
        who = contact(email, f"Somebody {LAST}", phone, email_consent=True, sms_consent=True)
        booked = confirming.confirm_hold(hold=held, token=uuid.uuid4(), contact=who)
    start = booked.starts_at + (timezone.now() - days * DAY - booked.ends_at)  # to the minute, whatever the weekday
    times = Times.of(place.consultation, start)
    Appointment.objects.filter(pk=booked.pk).update(starts_at=times.starts_at, ends_at=times.ends_at, guard=times.guard)
    return booked.patient


@pytest.fixture
def prospect(clinic, therapist) -> Patient:
    return prospect_of(91, therapist)


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


# -- Every day ---------------------------------------------------------------------------------------------------------
def test_it_happens_once_a_day_whoever_asks(prospect):
    tidy()
    assert Patient.objects.filter(pk=prospect.pk).exists() is False
    assert clearing.tidy_when_due() is False
    Heartbeat.objects.filter(name=heartbeat.TIDYING).update(beat_at=timezone.now() - DAY)
    assert clearing.tidy_when_due() is True
    assert clearing.tidy_when_due() is False


REFUSE = """
CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled'; END $$;
CREATE TRIGGER refuse_one BEFORE DELETE ON {table} FOR EACH ROW WHEN ({which})
  EXECUTE FUNCTION refuse_one();
"""


def refuse(table: str, which: str) -> None:
    """From here on the database takes too long to delete these."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(REFUSE.format(table=table, which=which))


def ended_session() -> None:
    Session.objects.create(session_key="ended", session_data="", expire_date=timezone.now() - DAY)


def test_a_record_the_database_refuses_keeps_neither_the_others_nor_the_sessions(db):
    people = cast.everyone()
    stuck, other = prospect_of(95, people.therapist), prospect_of(91, people.therapist, "two@example.org", "")
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    ended_session()
    with capture_logs() as lines:
        assert clearing.tidy_when_due() is True
    assert list(Patient.objects.filter(pk__in=[stuck.pk, other.pk])) == [stuck]
    assert not Session.objects.filter(pk="ended").exists()
    assert not Heartbeat.objects.filter(name=heartbeat.TIDIED).exists(), "it did not go well in full"
    assert [line["event"] for line in lines] == ["prospect.not_erased", "prospects.erased", "tidying.failed"]
    assert {key for line in lines for key in line} - {"log_level", "exc_info"} <= ALLOWED_KEYS


def test_it_stops_after_many_refusals(db, monkeypatch):
    people = cast.everyone()
    stuck, other = prospect_of(95, people.therapist), prospect_of(91, people.therapist, "two@example.org", "")
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    monkeypatch.setattr(clearing, "MOST_FAILURES", 1)
    with pytest.raises(clearing.NotAllErased):
        clearing.erase_idle_prospects()
    assert Patient.objects.filter(pk__in=[stuck.pk, other.pk]).count() == 2


def test_sessions_that_cannot_be_cleared_do_not_keep_the_prospects(committed_db):
    prospect = prospect_of(91, cast.everyone().therapist)
    ended_session()
    refuse("django_session", "OLD.session_key = 'ended'")
    tidy()
    assert not Patient.objects.filter(pk=prospect.pk).exists()
    assert not Heartbeat.objects.filter(name=heartbeat.TIDIED).exists()


def tidied() -> status.Part:
    return next(part for part in status.look() if part.key == heartbeat.TIDIED)


def test_the_status_turns_red_when_it_did_not_go_well_for_three_days(db):
    stuck = prospect_of(95, cast.everyone().therapist)
    assert (tidied().light, tidied().figure, tidied().advice) == ("green", None, "")
    tidy()
    assert (tidied().light, tidied().advice) == ("green", "")
    assert tidied().figure < 60
    for days, light in ((1, "green"), (2, "green"), (4, "red")):
        with time_machine.travel(timezone.now() + days * DAY):
            assert (tidied().light, bool(tidied().advice)) == (light, light == "red")
            assert light != "red" or tidy() or tidied().light == "green"
    assert not Patient.objects.filter(pk=stuck.pk).exists()


def test_a_practice_in_which_it_never_went_well_is_red_after_three_days(db):
    stuck = prospect_of(95, cast.everyone().therapist)
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    for days, light in ((0, "green"), (1, "green"), (2, "green"), (4, "red")):
        with time_machine.travel(timezone.now() + days * DAY):
            tidy()
            assert (tidied().light, tidied().figure) == (light, None)


def test_the_clock_asks_every_hour():
    entry = next(entry for entry in app.conf.beat_schedule.values() if entry["task"] == "practice.tidy")
    assert entry["schedule"] <= 3600


def test_the_loop_does_it_where_no_clock_ticks(committed_db):
    gone = prospect_of(91, cast.everyone().therapist)
    environ = os.environ | {"DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{committed_db}"}
    loop = subprocess.Popen([sys.executable, "manage.py", "send_due", "--loop"], cwd=settings.BASE_DIR, env=environ)
    try:
        wait_until(lambda: not Patient.objects.filter(pk=gone.pk).exists(), "the loop to erase", 60)
    finally:
        loop.terminate()
        assert loop.wait(30) == 0


FAULTY_LOOP = """
import django; django.setup()
from django.core.management import call_command
from practice import clearing
clearing.take_on = lambda: 1 / 0
call_command("send_due", "--loop")
"""


def test_the_loop_sends_on_whatever_fails_in_it(committed_db):
    cast.clinic()
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{committed_db}"
    environ = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "practice.settings"}
    program = [sys.executable, "-c", FAULTY_LOOP]
    loop = subprocess.Popen(program, cwd=settings.BASE_DIR, env=environ, stderr=subprocess.PIPE, text=True)
    beats = set()

    def came_back() -> bool:
        beats.update(Heartbeat.objects.filter(name=heartbeat.LOOP).values_list("beat_at", flat=True))
        return len(beats) > 1 or loop.poll() is not None

    try:
        wait_until(came_back, "a second look after the fault", 60)
    finally:
        loop.terminate()
        _out, said = loop.communicate(timeout=30)
    assert loop.returncode == 0, said
    assert said.count("send_due.tidying_failed") == 1


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


def test_ended_browser_sessions_go_and_running_ones_stay(db, monkeypatch):
    monkeypatch.setattr(clearing, "SESSIONS_AT_ONCE", 2)
    now = timezone.now()
    for number in range(7):
        Session.objects.create(
            session_key=f"{number}", session_data="", expire_date=now + (DAY if number == 0 else -DAY)
        )
    assert clearing.clear_sessions() == 6
    assert Session.objects.get().session_key == "0"


def test_the_status_page_says_what_to_do_when_it_is_late(clinic, as_, manager):
    clearing.tidy_when_due()
    for name in heartbeat.NAMES:
        heartbeat.beat(name)
    page = as_(manager).get(reverse("practice:status"))
    assert "Everything runs." in page.text
    heartbeat.beat(heartbeat.TIDIED, timezone.now() - 4 * DAY)
    page = as_(manager).get(reverse("practice:status"))
    for words in ("Daily erasure of what is not kept", "Needs you today", "read the log of worker and loop"):
        assert words in page.text
    assert as_(None).get("/statusz").json()[heartbeat.TIDIED]["light"] == "red"
