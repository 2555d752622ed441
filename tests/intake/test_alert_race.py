"""An alert is closed in the same moment in which something new comes in: nothing lands on the closed one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.utils import timezone

from intake import alerts
from intake.models import RiskAlert
from practice.models import Message
from tests import cast
from tests.intake.conftest import answered, in_use, responders

PATIENCE = 30
FOUND = {
    "ideation": "none", "plan": "no", "intent": "no", "means_access": "no", "past_attempts": "no",
    "harm_to_others": "no", "judgement": "low", "steps": ["none"],
}  # fmt: skip
CLOSED = {"outcome": "no_risk_found", "words": "Nothing found.", "signature": "Ines Varga"}


def somebody_waits_for_a_lock() -> bool:
    """Asked on a connection of its own: pg_locks knows whose lock is not granted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def until(true, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def apart(deed):
    """Run on a thread with a connection of its own."""
    try:
        return deed()
    finally:
        connection.close()


def test_a_trigger_that_waits_for_the_closing_opens_a_new_alert_and_tells_again(committed_db):
    people = cast.everyone()
    responders(people.supervisor, people.other_therapist)
    version = in_use()["phq-9"]
    answered(people.patient, version, [0] * 8 + [1])
    closing = RiskAlert.objects.get()
    alerts.assess(by=people.therapist, alert=closing, next_contact_on=timezone.now().date(), **FOUND)
    told = Message.objects.filter(kind="task").count()
    is_closed, may_commit = threading.Event(), threading.Event()

    def close() -> None:
        with transaction.atomic():
            alerts.close(by=people.therapist, alert=closing, **CLOSED)
            is_closed.set()
            assert may_commit.wait(PATIENCE)

    def answer() -> None:
        answered(people.patient, version, [0] * 8 + [2])

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(apart, close)
        assert is_closed.wait(PATIENCE)
        second = pool.submit(apart, answer)
        try:
            until(lambda: second.done() or somebody_waits_for_a_lock())
        finally:
            may_commit.set()
        first.result(PATIENCE)
        second.result(PATIENCE)
    closing.refresh_from_db()
    new = RiskAlert.objects.open().get()
    assert closing.state == "closed"
    assert list(closing.triggers.values_list("value", flat=True)) == [1]
    assert list(new.triggers.values_list("value", flat=True)) == [2]
    assert Message.objects.filter(kind="task").count() == told + new.responders.count()
