"""What is signed stays as it is: triggers on notes, their parts, their sessions, addenda and the moves of a course."""

from django.db import migrations

from practice.append_only import RefuseChanges

SIGNED = "A signed note is never changed; write an addendum."
PARTS = ("homeworkline", "homeworkreview", "noteintervention", "notearticle")

# FOR SHARE waits for a signature that is under way in another transaction and then sees it.
NOTE_OF_A_PART = """
CREATE FUNCTION therapy_sessions_part_of_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE signed timestamptz;
BEGIN
  SELECT signed_at INTO signed FROM therapy_sessions_progressnote WHERE id = NEW.note_id FOR SHARE;
  IF TG_ARGV[0] = 'draft' AND signed IS NOT NULL THEN
    RAISE EXCEPTION 'A signed note takes nothing more; write an addendum.' USING ERRCODE = 'restrict_violation';
  ELSIF TG_ARGV[0] = 'signed' AND signed IS NULL THEN
    RAISE EXCEPTION 'Only a signed note has addenda.' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""


def only_onto(state: str, table: str) -> migrations.RunSQL:
    """Let rows of ``table`` join only notes in that state."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_joins BEFORE INSERT ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION therapy_sessions_part_of_note('{state}');",
        f"DROP TRIGGER {table}_joins ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("therapy_sessions", "0001_initial"), ("practice", "0002_append_only")]

    operations = [
        RefuseChanges(table="therapy_sessions_progressnote", message=SIGNED, when="OLD.signed_at IS NOT NULL"),
        RefuseChanges(
            table="therapy_sessions_therapysession",
            message="The session of a signed note keeps its number and its facts.",
            when="OLD.signed_at IS NOT NULL",
        ),
        RefuseChanges(table="therapy_sessions_addendum", message="An addendum is signed and never changed."),
        RefuseChanges(table="therapy_sessions_coursemove", message="The moves of a course are append-only."),
        *(RefuseChanges(table=f"therapy_sessions_{part}", message=SIGNED) for part in PARTS),
        migrations.RunSQL(NOTE_OF_A_PART, "DROP FUNCTION therapy_sessions_part_of_note();"),
        *(only_onto("draft", f"therapy_sessions_{part}") for part in PARTS),
        only_onto("signed", "therapy_sessions_addendum"),
    ]
