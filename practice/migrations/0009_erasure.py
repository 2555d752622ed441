"""Prospects with nothing following can be erased, consents and history included: by one function, for them alone.

The role that serves has no right to delete consents. It may call ``practice_erase_prospect``, which runs as the owner,
looks for itself by the database's own clock, and refuses everybody from whom anything follows: an account, an accepted
invitation, a treatment, a consent beyond contact, care, or any row of any app that points at the person or a visit.
"""

from django.conf import settings
from django.db import migrations, models

import practice.models.audit
from practice.append_only import RefuseChanges, only_if_app_role

PATIENCE = migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop)
PATIENCE_BACK = migrations.RunSQL(migrations.RunSQL.noop, "SET LOCAL lock_timeout = '3s'")
APP = settings.DATABASE_APP_ROLE

# The person's record with those that were joined into it: whoever is erased, all of them are.
FAMILY = """
CREATE FUNCTION practice_records_of(who bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
  WITH RECURSIVE family(id) AS (
    SELECT id FROM practice_patient WHERE id = who
    UNION SELECT p.id FROM practice_patient p JOIN family f ON p.merged_into_id = f.id)
  SELECT id FROM family
$$;
"""
# What practice itself knows; the constants are those of ConsentType, practice/care.py and Patient.Status.
NOTHING_FOLLOWS = """
CREATE FUNCTION practice_nothing_follows(who bigint, before timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
      SELECT FROM practice_patient WHERE id = who AND status = 'prospect')
    AND NOT EXISTS (
      SELECT FROM practice_patient p JOIN practice_records_of(who) r ON r = p.id
      WHERE p.user_id IS NOT NULL OR p.created_at >= before)
    AND NOT EXISTS (
      SELECT FROM practice_appointment a JOIN practice_records_of(who) r ON r = a.patient_id
      JOIN practice_appointmenttype t ON t.id = a.type_id
      WHERE coalesce(a.cancelled_at, a.ends_at) >= before OR (t.is_clinical AND a.cancelled_at IS NULL))
    AND NOT EXISTS (
      SELECT FROM practice_consentrecord c JOIN practice_records_of(who) r ON r = c.patient_id
      WHERE c.at >= before OR c.type NOT IN ('EMAIL', 'SMS', 'VOICEMAIL'))
    AND NOT EXISTS (
      SELECT FROM practice_careassignment c JOIN practice_records_of(who) r ON r = c.patient_id
      WHERE c.reason <> 'booked a free talk')
    AND NOT EXISTS (
      SELECT FROM practice_invitation i JOIN practice_records_of(who) r ON r = i.patient_id
      WHERE i.accepted_at IS NOT NULL OR i.created_at >= before)
$$;
"""
# Whoever calls ``practice_erase_prospect`` may have made tables too, with triggers that would run as the owner.
OWN_TABLES = """
CREATE FUNCTION practice_own_tables() RETURNS SETOF oid LANGUAGE sql STABLE AS $$
  SELECT c.oid FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
  WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND r.rolname = current_user
$$;
"""
ERASE = """
CREATE FUNCTION practice_erase_prospect(who bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  people bigint[]; visits bigint[]; place record; found boolean; gone bigint := 0; went bigint; ignored text;
BEGIN
  PERFORM FROM practice_patient WHERE id = who FOR UPDATE;
  people := ARRAY(SELECT practice_records_of(who));
  IF NOT practice_nothing_follows(who, now() - interval '90 days') THEN
    RAISE EXCEPTION 'Something follows from patient %.', who USING ERRCODE = 'restrict_violation';
  END IF;
  visits := ARRAY(SELECT id FROM practice_appointment WHERE patient_id = ANY (people));

  -- Whatever else points at the person or at a visit, in any app, is care that this function knows nothing of.
  FOR place IN
    SELECT c.conrelid::regclass AS name, a.attname AS field, c.confrelid = 'practice_patient'::regclass AS of_person
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN practice_own_tables() own ON own = c.conrelid
    WHERE c.contype = 'f' AND (
      c.confrelid = 'practice_patient'::regclass AND c.conrelid <> ALL (ARRAY['practice_appointment',
        'practice_careassignment', 'practice_consentrecord', 'practice_invitation', 'practice_message',
        'practice_patient']::regclass[])
      OR c.confrelid = 'practice_appointment'::regclass AND c.conrelid <> 'practice_managelink'::regclass)
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %I = ANY ($1))', place.name, place.field)
      INTO found USING CASE WHEN place.of_person THEN people ELSE visits END;
    IF found THEN
      RAISE EXCEPTION '% follows from patient %.', place.name, who USING ERRCODE = 'restrict_violation';
    END IF;
  END LOOP;

  INSERT INTO practice_erasure (patient_id) SELECT unnest(people);
  DELETE FROM practice_managelink WHERE appointment_id = ANY (visits);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_message WHERE patient_id = ANY (people)
    OR (about_type = 'practice.appointment' AND about_id = ANY (visits));
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_appointment WHERE id = ANY (visits);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_consentrecord WHERE patient_id = ANY (people);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_careassignment WHERE patient_id = ANY (people);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_invitation WHERE patient_id = ANY (people);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  DELETE FROM practice_patient WHERE id = ANY (people);
  GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;

  -- Deleting wrote history of its own, so the history goes last: every history of every app that names the person.
  ignored := coalesce(current_setting('pgtrigger.ignore', true), '');
  PERFORM set_config('pgtrigger.ignore', (SELECT coalesce(array_agg(tgname), '{}')::text FROM pg_trigger
    WHERE tgname LIKE 'pgtrigger_append_only_%'), true);
  FOR place IN
    SELECT a.attrelid::regclass AS name, a.attname AS field FROM pg_attribute a
    JOIN practice_own_tables() own ON own = a.attrelid
    JOIN pg_attribute h ON h.attrelid = a.attrelid AND h.attname = 'pgh_obj_id'
    WHERE a.attname = 'patient_id' OR (a.attrelid = 'practice_patientevent'::regclass AND a.attname = 'pgh_obj_id')
  LOOP
    EXECUTE format('DELETE FROM %s WHERE %I = ANY ($1)', place.name, place.field) USING people;
    GET DIAGNOSTICS went = ROW_COUNT; gone := gone + went;
  END LOOP;
  PERFORM set_config('pgtrigger.ignore', coalesce(nullif(ignored, ''), '{}'), true);
  RETURN gone;
END $$;
REVOKE ALL ON FUNCTION practice_erase_prospect(bigint) FROM PUBLIC;
"""
BUT_ERASED = """
CREATE FUNCTION evenkeel_refuse_but_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM public.practice_erasure WHERE patient_id = OLD.patient_id AND xact = pg_current_xact_id()
  ) THEN RETURN OLD; END IF;
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER practice_consentrecord_refuse ON practice_consentrecord;
CREATE TRIGGER practice_consentrecord_refuse BEFORE UPDATE ON practice_consentrecord FOR EACH ROW
EXECUTE FUNCTION evenkeel_refuse('Consents are append-only; a withdrawal is a new row.');
CREATE TRIGGER practice_consentrecord_refuse_delete BEFORE DELETE ON practice_consentrecord FOR EACH ROW
EXECUTE FUNCTION evenkeel_refuse_but_erased('Consents are append-only; a withdrawal is a new row.');
"""
AS_BEFORE = """
DROP TRIGGER practice_consentrecord_refuse_delete ON practice_consentrecord;
DROP TRIGGER practice_consentrecord_refuse ON practice_consentrecord;
CREATE TRIGGER practice_consentrecord_refuse BEFORE UPDATE OR DELETE ON practice_consentrecord FOR EACH ROW
EXECUTE FUNCTION evenkeel_refuse('Consents are append-only; a withdrawal is a new row.');
DROP FUNCTION evenkeel_refuse_but_erased();
"""


class Migration(migrations.Migration):
    dependencies = [("practice", "0008_patient_by_phone")]

    operations = [
        PATIENCE,
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("patient_id", models.BigIntegerField(db_index=True)),
                ("erased_at", models.DateTimeField(db_default=practice.models.audit.ClockTimestamp())),
                ("xact", practice.models.audit.Xid8Field(db_default=practice.models.audit.CurrentXact())),
            ],
        ),
        RefuseChanges("practice_erasure", "Certificates of erasure are append-only."),
        migrations.RunSQL(only_if_app_role(f"REVOKE INSERT ON practice_erasure FROM {APP}"), migrations.RunSQL.noop),
        migrations.RunSQL(FAMILY, "DROP FUNCTION practice_records_of(bigint)"),
        migrations.RunSQL(NOTHING_FOLLOWS, "DROP FUNCTION practice_nothing_follows(bigint, timestamptz)"),
        migrations.RunSQL(OWN_TABLES, "DROP FUNCTION practice_own_tables()"),
        migrations.RunSQL(ERASE, "DROP FUNCTION practice_erase_prospect(bigint)"),
        migrations.RunSQL(
            only_if_app_role(f"GRANT EXECUTE ON FUNCTION practice_erase_prospect(bigint) TO {APP}"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(BUT_ERASED, AS_BEFORE),
        PATIENCE_BACK,
    ]
