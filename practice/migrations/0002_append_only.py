"""The audit trail, its seals and the consents refuse change; the cache has its table to fall back to."""

from django.db import migrations

from practice.append_only import RefuseChanges


class Migration(migrations.Migration):
    dependencies = [("practice", "0001_initial")]

    operations = [
        RefuseChanges(table="practice_auditevent", message="The audit trail is append-only."),
        RefuseChanges(table="practice_auditseal", message="Seals of the audit trail are append-only."),
        RefuseChanges(table="practice_consentrecord", message="Consents are append-only; a withdrawal is a new row."),
        RefuseChanges(table="practice_consenttext", message="A consent text is never edited; publish a new version."),
        migrations.RunSQL(
            """
            CREATE TABLE practice_cache (
              cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
            CREATE INDEX practice_cache_expires ON practice_cache (expires);
            """,
            "DROP TABLE practice_cache;",
        ),
    ]
