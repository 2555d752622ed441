"""Bring the database to the code's tables, and say whether it has a clinic yet.

Run inside the environment as `python -m launch.preparing`, as the database's owner: one process where `manage.py
migrate` and a look into the database would be two, a second of every start. Exit status: 0 with a clinic, 3 without.
"""

import sys

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

WITHOUT_CLINIC = 3


def main() -> int:
    try:
        django.setup()
        from practice import founding  # noqa: PLC0415  (its models exist only after setup)

        founding.must_match_setting()
        call_command("migrate", verbosity=0)
        founding.must_match_setting()  # a database from before the practice said which it is has learnt it just now
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    return 0 if apps.get_model("practice", "Practice").objects.exists() else WITHOUT_CLINIC


if __name__ == "__main__":
    sys.exit(main())
