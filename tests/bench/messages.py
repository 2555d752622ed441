"""B7: reminders from their due time to a mail server on the loopback, by one Celery worker with two children."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from launch import application
from practice.models import Message
from tests.bench.databases import Site
from tests.planning import plan_reminders
from tests.smtp_sink import sink

REMINDERS = 3000
PATIENCE = 60.0


def reminders(site: Site, count: int = REMINDERS) -> dict[str, float]:
    """Rate from the first to the last mail, the first mail's delay after the due time in seconds, lost and doubled."""
    with sink() as mail, tempfile.TemporaryDirectory() as folder:
        environ = application.environ(
            {
                **os.environ,
                "DATABASE_URL": site.database_url,
                "EMAIL_GATEWAY": "smtp",
                "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
                "AUDIT_ANCHOR_FILE": f"{folder}/anchor.log",
            }
        )
        worker = application.worker(environ, logs=Path(folder))
        beat = application.beat(environ, logs=Path(folder))
        due_at = timezone.now() + timedelta(seconds=15)
        plan_reminders(count, due_at)
        try:
            worker.start()
            beat.start()
            arrived = watch(mail, count)
        finally:
            beat.stop()
            worker.stop()
        recipients = {mail_to(content) for content in mail.mails}
        sent = Message.objects.filter(kind="reminder_early", due_at=due_at, state="sent").count()
        first, last = arrived
        return {
            "rate": round((len(mail.mails) - 1) / (last - first), 1),
            "first_mail_s": round(first - due_at.timestamp(), 2),
            "sent": sent,
            "lost": count - len(recipients),
            "twice": len(mail.mails) - len(recipients),
        }


def watch(mail, count: int) -> tuple[float, float]:
    """Wall-clock times of the first and the last mail. Raises TimeoutError where they do not all come."""
    began, first = time.monotonic(), 0.0
    while len(mail.mails) < count:
        first = first or (time.time() if mail.mails else 0.0)
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(f"{len(mail.mails)} of {count} mails after {PATIENCE:g} s")
        time.sleep(0.005)
    return first, time.time()


def mail_to(content: bytes) -> bytes:
    return next(line for line in content.split(b"\r\n") if line.lower().startswith(b"to:"))
