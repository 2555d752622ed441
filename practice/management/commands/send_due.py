"""Send what is due without a broker: the safety net beside Celery, by the same function."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections, connection

from practice import clearing, founding, heartbeat, patience, sending
from practice.clocks import ClocksDisagree

log = structlog.get_logger("evenkeel.messages")
EVERY = 2.0  # seconds
TIDY_EVERY = 3600.0


class Command(BaseCommand):
    help = "Send every message that is due; with --loop, look again every two seconds until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")

    def handle(self, *args: object, loop: bool, **options: object) -> None:
        if loop:
            self.go_on()
            return
        founding.must_match_setting()
        try:
            tally = sending.send_due(who=heartbeat.LOOP)
        except ClocksDisagree as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"sent {tally.sent}, not sent {tally.skipped}, failed {tally.failed}, later {tally.put_back}")

    def go_on(self) -> None:
        """A database that is away is waited for; the message in hand is finished before stopping."""
        patience.set_limits()
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        is_ours, tidy_at = False, 0.0
        while not stop.is_set():
            close_old_connections()
            try:
                if not is_ours:
                    founding.must_match_setting()
                    is_ours = True
                sending.send_due(who=heartbeat.LOOP)
                if time.monotonic() >= tidy_at:
                    tidy_at = time.monotonic() + TIDY_EVERY
                    tidy()
            except DatabaseError as error:
                log.error("send_due.no_database", exc_info=error)
                connection.close()
            except ClocksDisagree as error:
                log.error("send_due.clocks_disagree", exc_info=error)
            stop.wait(EVERY)


def tidy() -> None:
    """Whatever fails in the day's tidying is logged, and the sending goes on."""
    try:
        clearing.tidy_when_due()
    except Exception as error:
        log.error("send_due.tidying_failed", exc_info=error)
        connection.close()
