"""Migration operations that make a table refuse what must never happen to it.

The triggers are plain SQL and not pgtrigger's, because pgtrigger can be told to ignore its own; these cannot be
switched off by the role that serves the pages. The application role also loses the rights themselves.
"""

from django.conf import settings
from django.db import migrations


class RefuseChanges(migrations.RunSQL):
    """Refuse UPDATE, DELETE and TRUNCATE on ``table``.

    ``when`` limits the refusal of UPDATE and DELETE to rows for which this SQL condition over OLD (and, in an UPDATE,
    NEW) holds, such as ``OLD.signed_at IS NOT NULL``; TRUNCATE is always refused.
    """

    def __init__(self, table: str, message: str, when: str = "", operations: str = "UPDATE OR DELETE") -> None:
        self._init = (table, message, when, operations)
        text = message.replace("'", "''")
        condition = f"WHEN ({when})" if when else ""
        refuse_rows = (
            f"CREATE TRIGGER {table}_refuse BEFORE {operations} ON {table} FOR EACH ROW {condition} "
            f"EXECUTE FUNCTION evenkeel_refuse('{text}');"
        )
        revoke = f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {settings.DATABASE_APP_ROLE}"
        super().__init__(
            sql=f"""
            CREATE OR REPLACE FUNCTION evenkeel_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$;
            {refuse_rows}
            CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
            EXECUTE FUNCTION evenkeel_refuse('{text}');
            {"" if when else only_if_app_role(revoke)}
            """,
            reverse_sql=f"DROP TRIGGER {table}_refuse ON {table}; DROP TRIGGER {table}_refuse_truncate ON {table};",
        )

    def deconstruct(self):
        table, message, when, operations = self._init
        return (
            self.__class__.__qualname__,
            [],
            {"table": table, "message": message, "when": when, "operations": operations},
        )


def only_if_app_role(statement: str) -> str:
    """SQL that runs ``statement`` where the application role exists; a single-role database lives by triggers alone."""
    quoted = statement.replace("'", "''")
    return f"""
    DO $do$ BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{settings.DATABASE_APP_ROLE}') THEN EXECUTE '{quoted}'; END IF;
    END $do$;
    """


def insert_without(column: str, table: str) -> str:
    """SQL that leaves the application role the right to insert into every column of ``table`` but ``column``.

    A column that is added later needs a grant of its own.
    """
    return f"""
    DO $do$ DECLARE columns text; BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{settings.DATABASE_APP_ROLE}') THEN
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
        WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> '{column}';
        EXECUTE 'REVOKE INSERT ON {table} FROM {settings.DATABASE_APP_ROLE}';
        EXECUTE format('GRANT INSERT (%s) ON {table} TO {settings.DATABASE_APP_ROLE}', columns);
      END IF;
    END $do$;
    """


def begin_history(table: str) -> str:
    """SQL that writes each row of ``table`` that has no history yet into its history, labelled ``begin``."""
    return f"""
    DO $do$ DECLARE columns text; BEGIN
      SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
      WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped;
      EXECUTE format(
        'INSERT INTO {table}event (%s, pgh_label, pgh_created_at, pgh_obj_id) SELECT %s, ''begin'', now(), id '
        'FROM {table} AS t WHERE NOT EXISTS (SELECT FROM {table}event WHERE pgh_obj_id = t.id)', columns, columns);
    END $do$;
    """
