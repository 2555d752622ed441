"""For whom a database was founded: fictional people and real ones never meet under the wrong setting.

In the demo setting anybody steps in as anybody, so it must not serve a real practice; and accounts of the demo clinic,
whose password is printed in public, must not open in production.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from practice.models import Practice

DEMO_DATA = (
    "This database holds the fictional demo clinic, whose password is public. Give DATABASE_URL a database of its own, "
    "or set EVENKEEL_DEMO=1 to run the demo."
)
REAL_DATA = (
    "This database holds a real practice; unset EVENKEEL_DEMO, under which anybody may step in as anybody, or give "
    "DATABASE_URL another database."
)


def must_match_setting() -> None:
    """Every process calls this before its work. One query more where a practice is there.

    A database without the practice's table, or without a row in it, is nobody's yet. Raises ImproperlyConfigured with
    the cure, and the database's own error where it does not answer: a process that cannot know must not begin.
    """
    table = Practice._meta.db_table
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        if table not in names:
            return
        columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    if "is_demo" not in columns:  # made before this was written down; the migration that adds the column decides
        return
    kinds = set(Practice.objects.values_list("is_demo", flat=True))
    if not settings.DEMO and True in kinds:
        raise ImproperlyConfigured(DEMO_DATA)
    if settings.DEMO and False in kinds:
        raise ImproperlyConfigured(REAL_DATA)
