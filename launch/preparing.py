"""Bring the database to the code's tables, and say whether it has a clinic yet.

Run inside the environment as `python -m launch.preparing`, as the database's owner: one process where `manage.py
migrate` and a look into the database would be two, a second of every start. Exit status: 0 with a clinic, 3 without.
"""

import sys

import django
from django.apps import apps
from django.core.management import call_command

WITHOUT_CLINIC = 3


def main() -> int:
    django.setup()
    call_command("migrate", verbosity=0)
    return 0 if apps.get_model("practice", "Practice").objects.exists() else WITHOUT_CLINIC


if __name__ == "__main__":
    sys.exit(main())
