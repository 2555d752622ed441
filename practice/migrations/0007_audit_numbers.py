"""The role that serves the pages can choose neither number nor stamp of an audit row or of a seal.

GENERATED ALWAYS gives way to OVERRIDING SYSTEM VALUE and to COPY; a right to insert that leaves the column out does not.
The stamps stay with a trigger, whose functions are named in full: no search_path puts others in their place.
"""

from django.conf import settings
from django.db import migrations

from practice.append_only import insert_without, only_if_app_role

APP = settings.DATABASE_APP_ROLE


class Migration(migrations.Migration):
    dependencies = [("practice", "0006_schedule_history_stays")]

    operations = [
        migrations.RunSQL(
            """
            SET LOCAL lock_timeout = '3s';
            CREATE OR REPLACE FUNCTION practice_audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              NEW.at := pg_catalog.clock_timestamp();
              NEW.xact := pg_catalog.pg_current_xact_id();
              RETURN NEW;
            END $$;
            CREATE FUNCTION practice_seal_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              NEW.sealed_at := pg_catalog.clock_timestamp();
              RETURN NEW;
            END $$;
            CREATE TRIGGER practice_auditseal_stamp BEFORE INSERT ON practice_auditseal
            FOR EACH ROW EXECUTE FUNCTION practice_seal_stamp();
            """,
            """
            DROP TRIGGER practice_auditseal_stamp ON practice_auditseal;
            DROP FUNCTION practice_seal_stamp();
            """,
        ),
        *(
            migrations.RunSQL(insert_without("id", table), only_if_app_role(f"GRANT INSERT ON {table} TO {APP}"))
            for table in ("practice_auditevent", "practice_auditseal")
        ),
    ]
