"""Patients are found by telephone number through an index: every public booking counts the visits of a number.

The index is built beside running bookings. A build that was broken off leaves an invalid index behind, so run it again:
it begins by taking that one away.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("practice", "0007_audit_numbers")]

    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS patient_by_phone", migrations.RunSQL.noop),
        AddIndexConcurrently("patient", models.Index(fields=["phone"], name="patient_by_phone")),
    ]
