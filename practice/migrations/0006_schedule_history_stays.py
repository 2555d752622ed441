"""The history of what was there already begins with what it is now, and no history of the schedule or of roles changes.

An update writes the new row into the history, so without a first row the state before the first change would be lost.
"""

from django.db import migrations

from practice.append_only import RefuseChanges, begin_history

BEGUN = ("practice_appointmenttype", "practice_location", "practice_practice", "practice_room", "practice_therapist")
SCHEDULE = (*BEGUN, "practice_workinghours", "practice_timeoff")


class Migration(migrations.Migration):
    dependencies = [("practice", "0005_schedule_history")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        *(migrations.RunSQL(begin_history(table), migrations.RunSQL.noop) for table in BEGUN),
        *(RefuseChanges(f"{table}event", "The history of the schedule is append-only.") for table in SCHEDULE),
        RefuseChanges("practice_staffroleevent", "The history of roles is append-only."),
        migrations.RunSQL(migrations.RunSQL.noop, "SET LOCAL lock_timeout = '3s'"),
    ]
