"""The Celery app: a clock and a pair of hands. What is due is a row in PostgreSQL, never a task with an ETA.

A tick expires before the next one, so a broker that was away has no pile of old ticks to hand out. A second beat
doubles the ticks and nothing else. The schedule is code: no file remembers when it last ticked.
"""

import os

from celery import Celery

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
}
