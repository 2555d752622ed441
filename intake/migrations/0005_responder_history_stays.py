"""The history of who answers risk alerts begins with who does so now, and never changes."""

from django.db import migrations

from practice.append_only import RefuseChanges, begin_history


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_responder_history")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        migrations.RunSQL(begin_history("intake_riskresponder"), migrations.RunSQL.noop),
        RefuseChanges("intake_riskresponderevent", "The history of responders is append-only."),
        migrations.RunSQL(migrations.RunSQL.noop, "SET LOCAL lock_timeout = '3s'"),
    ]
