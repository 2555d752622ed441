"""Compile every template of ours: a misspelt tag on a rare page is found before a person meets it.

Run inside the environment as `python -m launch.templates`; the only part of this package that needs Django.
"""

import sys

import django
from django.template import Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader_tags import ExtendsNode, IncludeNode

from launch.folder import ROOT


def compile_with_parts(name: str) -> None:
    """Compile one template and find what it extends and includes by name; Django would look only when it is shown."""
    engine = Engine.get_default()
    nodes = engine.get_template(name).nodelist
    for kind, attribute in ((ExtendsNode, "parent_name"), (IncludeNode, "template")):
        for node in nodes.get_nodes_by_type(kind):
            part = getattr(getattr(node, attribute), "var", None)
            if isinstance(part, str):
                engine.get_template(part)


def main() -> int:
    django.setup()
    folder, wrong = ROOT / "templates", 0
    names = sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in (".html", ".txt", ".ics")
    )
    for name in names:
        try:
            compile_with_parts(name)
        except (TemplateSyntaxError, TemplateDoesNotExist) as error:
            wrong += 1
            print(f"templates/{name}: {type(error).__name__} {error}")
    print(f"{len(names)} templates, {wrong} do not compile")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
