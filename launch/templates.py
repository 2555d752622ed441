"""Compile every template of ours: a misspelt tag on a rare page is found before a person meets it.

Run inside the environment as `python -m launch.templates`; the only part of this package that needs Django.
"""

import sys

import django
from django.template import TemplateSyntaxError, engines

from launch.folder import ROOT


def main() -> int:
    django.setup()
    folder, wrong = ROOT / "templates", 0
    names = sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in (".html", ".txt", ".ics")
    )
    for name in names:
        try:
            engines["django"].get_template(name)
        except TemplateSyntaxError as error:
            wrong += 1
            print(f"templates/{name}: {error}")
    print(f"{len(names)} templates, {wrong} do not compile")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
