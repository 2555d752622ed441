"""The Celery app: a clock and a pair of hands. What is due is a row in PostgreSQL, never a task with an ETA.

A tick expires before the next one, so a broker that was away has no pile of old ticks to hand out. A second beat
doubles the ticks and nothing else. The schedule is code: no file remembers when it last ticked.
"""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

app = Celery("evenkeel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_scheduler = "practice.beat:Scheduler"
app.conf.beat_schedule = {
    "send what is due": {"task": "practice.send_due", "schedule": 5.0, "options": {"expires": 5}},
    "seal the audit trail": {"task": "practice.seal_audit", "schedule": 10.0, "options": {"expires": 10}},
    "release expired holds": {"task": "practice.expire_holds", "schedule": 300.0, "options": {"expires": 60}},
    "look for reminders nobody planned": {
        "task": "practice.plan_missing_reminders",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    # Hourly, because a clock without memory never reaches a day where it is started anew more often than that.
    "tidy up once a day": {"task": "practice.tidy", "schedule": 3600.0, "options": {"expires": 600}},
}


@app.on_configure.connect
def end_on_wrong_settings(**signal: Any) -> None:
    """End a worker or a beat with the sentences about its settings alone, before Celery reads them and is stopped by a
    traceback. Every other process has read its settings when it comes here.
    """
    try:
        settings.DEBUG  # noqa: B018  (reading any setting is what raises)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


@worker_init.connect
@beat_init.connect
def end_on_the_wrong_database(**signal: Any) -> None:
    """End a worker or a beat under the wrong setting for its database, or where that cannot be known.

    Celery swallows an exception of a receiver and goes on; only the end of the process is heard.
    """
    from django.db import connections  # noqa: PLC0415  (models exist only after Celery has loaded the apps)

    from practice import founding, patience  # noqa: PLC0415  (as above)

    patience.set_limits()
    try:
        founding.must_match_setting()
    except (ImproperlyConfigured, DatabaseError) as error:
        # Celery has turned sys.stderr into a log that drops text.
        print(patience.why_not_begun(error), file=sys.__stderr__, flush=True)
        sys.exit(1)
    finally:
        connections.close_all()  # the worker forks; its children must not share a connection
