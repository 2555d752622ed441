"""The long proof of the outbox: every due reminder is sent, whatever is killed; what goes twice was on the wire.

Two beats run all the while. In the middle of the reminders the worker is killed with -9, then the broker is killed and
comes back empty, then PostgreSQL is killed and comes back. A mail server of our own counts what arrives by recipient,
one recipient to a reminder, so the count does not depend on any key of ours. Run with Celery alone and again with the
broker-free loop beside it. A sender that marks before it sends is killed in the same way and must be found out.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from launch.folder import ROOT, VAR
from tests.limits import TooSlow, wait_until
from tests.machinery import Machinery, machinery

REMINDERS = 300
SECONDS_A_MAIL = 0.04  # the mail server takes its time, so that the kills fall into the middle
RECOVERY = 60.0
CHILDREN = 2  # senders of one Celery worker: so many mails may be on the wire when it is killed
Say = Callable[[str], None]


def main(say: Say = print) -> int:
    """Both runs and the control at full size; 0 if everything held."""
    folder = VAR / "prove-messages"
    shutil.rmtree(folder, ignore_errors=True)
    with machinery(folder, durable=True) as made:
        held = [
            run(made, say, REMINDERS, with_loop=False),
            run(made, say, REMINDERS, with_loop=True),
            control(made, say, REMINDERS),
        ]
    return 0 if all(held) else 1


def small(folder: Path, count: int) -> int:
    """One run with the loop; 0 if it held."""
    with machinery(folder, durable=True) as made:
        return 0 if run(made, print, count, with_loop=True) else 1


def run(made: Machinery, say: Say, count: int, *, with_loop: bool) -> bool:
    """One run; says its figures and whether they held. Every process of Evenkeel is stopped afterwards."""
    say(f"{count} reminders, two beats, one worker with {CHILDREN} children{', and the loop' * with_loop}")
    say(f"  SHOW fsync: {made.value('SHOW fsync')}")
    made.mail.forget()
    made.mail.delay = SECONDS_A_MAIL
    made.plan_reminders(count, datetime.now(UTC) + timedelta(seconds=2))
    worker = made.worker()
    made.start(made.beat("beat-1"), made.beat("beat-2"), worker, *([made.loop()] if with_loop else []))
    on_wire = 0
    try:
        arrived(made, count // 6)
        on_wire += kill_worker(made, worker, say)
        arrived(made, count // 3)
        kill_broker(made, say)
        arrived(made, count // 2)
        on_wire += kill_database(made, say, CHILDREN + with_loop)
        recovered = time.monotonic()
        wait_until(lambda: unsent(made) == 0, "every reminder sent", RECOVERY + 30)
        return judged(say, made.delivered(), count, on_wire, time.monotonic() - recovered)
    except TooSlow as slow:
        say(f"  {slow}; {unsent(made)} not sent")
        return False
    finally:
        made.stop()


def judged(say: Say, delivered: Counter[str], count: int, on_wire: int, seconds: float) -> bool:
    lost = count - len(delivered)
    twice = sum(times - 1 for times in delivered.values())
    say(
        f"  delivered {len(delivered)} of {count}, lost {lost}, twice {twice} (on the wire at the kills: at most "
        f"{on_wire}), all recorded {seconds:.1f} s after the last recovery (limit {RECOVERY:g} s)"
    )
    return lost == 0 and twice <= on_wire and seconds <= RECOVERY


def arrived(made: Machinery, count: int) -> None:
    wait_until(lambda: len(made.mail.mails) >= count, f"{count} mails arrived")


def unsent(made: Machinery) -> int:
    return made.value("SELECT count(*) FROM practice_message WHERE state <> 'sent'")


def kill_worker(made: Machinery, worker, say: Say) -> int:
    """kill -9 of the worker and its children, then a new one; how many mails can have been on the wire."""
    held, before = made.held(), len(made.mail.mails)
    pid = made.kill(worker)
    say(f"  killed -9 worker {pid} and its children after {before} mails; {held} reminders were under a lease")
    made.start(made.worker())
    return CHILDREN


def kill_broker(made: Machinery, say: Say) -> None:
    pid, before = made.valkey.pid, len(made.mail.mails)
    queued = made.valkey.say("LLEN celery")
    made.valkey.kill()
    made.valkey.empty()
    say(f"  killed -9 Valkey {pid} after {before} mails; its queue held {queued.removeprefix(':')} ticks, all gone")
    made.valkey.start()


def kill_database(made: Machinery, say: Say, senders: int) -> int:
    """kill -9 of PostgreSQL and start it again; how many mails can have been sent and not recorded."""
    held, before, pid = made.held(), len(made.mail.mails), made.postgres.pid
    made.postgres.kill()
    made.postgres.start()
    say(f"  killed -9 PostgreSQL {pid} after {before} mails; {held} reminders were under a lease; it is back")
    return senders


NAIVE = """
import sys, time, django
django.setup()
from practice.gateways import Lines
from practice.last_look import Look
from practice.sending import claim
from practice.models import Message
from django.utils import timezone
import uuid
while True:
    token = uuid.uuid4()
    ids = claim(now=timezone.now(), token=token)
    look = Look(ids, token=token, now=timezone.now())
    Message.objects.filter(pk__in=ids).update(state="sent", sent_at=timezone.now())  # marked before it is sent
    with Lines() as lines:
        for message in look.messages.values():
            lines.to("email").send(look.letter(message))
    if not ids:
        time.sleep(0.2)
"""


def control(made: Machinery, say: Say, count: int) -> bool:
    """A sender that marks rows before it sends them, killed in the middle and started again, must be seen to lose."""
    made.mail.forget()
    made.mail.delay = SECONDS_A_MAIL
    made.plan_reminders(count, datetime.now(UTC))
    program = [sys.executable, "-c", NAIVE]
    naive = subprocess.Popen(program, env=made.environ, cwd=ROOT)
    try:
        arrived(made, count // 3)
        naive.kill()
        naive.wait(10)
        naive = subprocess.Popen(program, env=made.environ, cwd=ROOT)
        wait_until(lambda: unsent(made) == 0, "the naive sender is done")
        settled(made)
    finally:
        naive.kill()
        naive.wait(10)
    lost = count - len(made.delivered())
    say(f"Control: a sender that marks before it sends, killed once, lost {lost} of {count}")
    return lost > 0


def settled(made: Machinery) -> None:
    """Wait until no mail has arrived for a second."""
    before, since = len(made.mail.mails), time.monotonic()

    def quiet() -> bool:
        nonlocal before, since
        if len(made.mail.mails) != before:
            before, since = len(made.mail.mails), time.monotonic()
        return time.monotonic() - since > 1

    wait_until(quiet, "no more mails")


if __name__ == "__main__":
    if sys.argv[1:]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its servers are stopped on the way out
        sys.exit(small(Path(sys.argv[1]), int(sys.argv[2])))
    sys.exit(main())
