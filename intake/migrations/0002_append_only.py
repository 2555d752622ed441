"""What was asked, what set an alert off and what was done about it stay as they were."""

from django.db import migrations

from practice.append_only import RefuseChanges

KEEP_USED = """
CREATE FUNCTION intake_keep_used_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- Switching an edition on or off is all that may happen to one that somebody has answered.
  free text[] := '{is_active,activated_at,activated_by_id}';
BEGIN
  IF NOT EXISTS (SELECT FROM intake_measureresponse WHERE version_id = OLD.id) THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - free) IS DISTINCT FROM (to_jsonb(OLD) - free) THEN
    RAISE EXCEPTION 'An instrument version that was answered is fixed; load a new one.'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER intake_version_fixed BEFORE UPDATE OR DELETE ON intake_instrumentversion FOR EACH ROW
  EXECUTE FUNCTION intake_keep_used_version();
"""
LET_GO = """
DROP TRIGGER intake_version_fixed ON intake_instrumentversion;
DROP FUNCTION intake_keep_used_version();
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]

    operations = [
        RefuseChanges(
            table="intake_riskalert", message="A risk alert is never deleted.", when="true", operations="DELETE"
        ),
        RefuseChanges(table="intake_alertresponder", message="Who was told about an alert stays recorded."),
        RefuseChanges(table="intake_risktrigger", message="What set an alert off is append-only."),
        RefuseChanges(table="intake_alertattempt", message="Attempts to reach a person are append-only."),
        RefuseChanges(table="intake_riskassessment", message="A risk assessment is never edited; make a new one."),
        migrations.RunSQL(KEEP_USED, LET_GO),
    ]
