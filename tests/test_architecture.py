"""The architecture of docs/architecture.md, held by reading the code: every rule says in its failure what it wants."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("practice", "intake", "education", "sessions")
MAY_IMPORT = {
    "practice": {"practice"},
    "intake": {"intake", "practice"},
    "education": {"education", "practice"},
    "sessions": {"sessions", "intake", "education", "practice"},
}
# Wiring: settings, root urls and what builds the demo clinic may know every app.
WIRING = ("practice/settings.py", "practice/urls.py", "practice/demo/", "practice/management/commands/demo.py")
DRAWERS = {"services", "utils", "util", "helpers", "managers", "common", "core", "misc", "tools"}
FOUND_BY_NAME = {"privacy.py", "home.py", "attendance.py", "messages.py", "fhir.py"}
LONGEST_FILE, LONGEST_VIEW = 400, 50
# What a rule may not know: the layers above it.
REQUEST = {"HttpRequest", "HttpResponse"}
DATABASE_ERRORS = {"DatabaseError", "IntegrityError", "OperationalError", "InternalError", "DataError"}


def source_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module this file imports, functions included, as (line, dotted name)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{short(path)}:{node.lineno}: write imports in full"
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_wiring(path: Path) -> bool:
    return short(path).startswith(WIRING)


def layer(path: Path) -> str:
    """models, rules, forms or views, by where the file stands inside its app."""
    inside = path.relative_to(ROOT).parts[1:]
    if inside[0] in {"apps.py", "celery.py", "beat.py", "tasks.py"}:
        return "other"
    if inside[0] in {"models", "models.py"}:
        return "models"
    if inside[0] in {"forms", "forms.py"}:
        return "forms"
    if inside[0] in {"views", "views.py", "paths.py", "account_paths.py", "urls.py"}:
        return "views"
    return "rules" if len(inside) == 1 else "other"


def told(complaints: list[str], rule: str) -> None:
    assert not complaints, "\n".join([rule, *complaints])


# -- Between the apps --------------------------------------------------------------------------------------------------
def test_imports_run_one_way():
    complaints = [
        f"{short(path)}:{line} imports {name}"
        for app in APPS
        for path in source_files(app)
        if not is_wiring(path)
        for line, name in imports(path)
        if name.partition(".")[0] in APPS and name.partition(".")[0] not in MAY_IMPORT[app]
    ]
    told(
        complaints,
        "Imports run sessions -> intake, education -> practice. What must reach every app is found by module name.",
    )


def test_foreign_keys_run_the_same_way():
    complaints = []
    for config in apps.get_app_configs():
        if config.name not in APPS:
            continue
        for model in config.get_models():
            for field in model._meta.get_fields():
                target = getattr(field, "remote_field", None) and field.concrete and field.related_model
                home = target and apps.get_app_config(target._meta.app_label).name
                if home in APPS and home not in MAY_IMPORT[config.name]:
                    complaints.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    told(
        complaints, "A ForeignKey runs along the direction of imports; a link between two apps lives in the upper one."
    )


def test_practice_names_no_other_app_in_a_string():
    pattern = re.compile(r"^(intake|education|sessions|therapy_sessions)\.[A-Za-z_]+$")
    complaints = [
        f"{short(path)}:{node.lineno}: {node.value!r}"
        for path in source_files("practice")
        if not is_wiring(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.match(node.value)
    ]
    told(complaints, "practice knows nobody, not even by a dotted string.")


def test_only_the_agreed_modules_are_found_by_name():
    pattern = re.compile(r"""\{config\.name\}\.(\w+)""")
    complaints = [
        f"{short(path)} looks for {name}.py"
        for path in source_files(*APPS)
        for name in pattern.findall(path.read_text(encoding="utf-8"))
        if f"{name}.py" not in FOUND_BY_NAME
    ]
    told(complaints, f"Modules found by name: {sorted(FOUND_BY_NAME)}. Nothing else is (architecture.md 3).")


def test_sessions_keeps_its_label_and_its_name():
    assert apps.get_app_config("therapy_sessions").name == "sessions"
    assert apps.get_app_config("sessions").name == "django.contrib.sessions"
    own = [model.__name__ for model in apps.get_app_config("therapy_sessions").get_models()]
    assert "Session" not in own, "no model is called Session; clinical.md's Session is TherapySession"
    assert (ROOT / "tests" / "__init__.py").exists(), "without it tests/sessions shadows the app"


# -- Inside an app -----------------------------------------------------------------------------------------------------
BELOW = {"models": {"models"}, "rules": {"models", "rules"}, "forms": {"models", "rules", "forms"}}


def test_layers_look_down_only():
    complaints = []
    for app in APPS:
        modules = {short(path)[:-3].replace("/", ".").removesuffix(".__init__"): path for path in source_files(app)}
        for path in source_files(app):
            mine = layer(path)
            for line, name in imports(path):
                other = layer(modules[name]) if name in modules else None
                if mine in BELOW and other and other != "other" and other not in BELOW[mine] and not is_ground(name):
                    complaints.append(f"{short(path)}:{line}: {mine} import {other} ({name})")
    told(complaints, "Inside an app: models -> rules -> forms -> views; models never import rules.")


def is_ground(name: str) -> bool:
    """Modules without rules of their own, which models stand on: the list of roles, the shape of an instrument."""
    return name in {"practice.roles", "intake.definition"}


RULES_THAT_SERVE_REQUESTS = {
    # the frame around a request, and the bend of allauth, are not rules about the clinic
    "practice/access.py",
    "practice/accounts.py",
    "sessions/proof.py",
    "practice/context.py",
    "practice/middleware.py",
    "practice/urls.py",
    "practice/wsgi.py",
}


def test_rules_take_no_request():
    complaints = []
    for path in source_files(*APPS):
        if layer(path) not in {"rules", "models"} or short(path) in RULES_THAT_SERVE_REQUESTS:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.arg) and node.arg == "request":
                complaints.append(f"{short(path)}:{node.lineno}: an argument named request")
            if isinstance(node, ast.Name) and node.id in REQUEST:
                complaints.append(f"{short(path)}:{node.lineno}: {node.id}")
    told(complaints, "Rules take plain arguments and a by= actor, never a request.")


def test_nobody_listens_to_signals():
    names = re.compile(
        r"^(django\.(db\.models\.signals|dispatch|core\.signals|contrib\.auth\.signals)|allauth\..*signals)"
    )
    complaints = [
        f"{short(path)}:{line} imports {name}"
        for path in source_files(*APPS)
        for line, name in imports(path)
        if names.match(name)
    ]
    told(complaints, "No signal receivers: a business flow is one action that says what it does.")


def test_database_errors_are_caught_outside_atomic():
    """``with atomic(): try: ... except IntegrityError`` leaves the transaction broken and the handler inside it."""
    complaints = []
    for path in source_files(*APPS):
        for block in ast.walk(tree(path)):
            if is_atomic_block(block) or is_atomic_function(block):
                complaints += [f"{short(path)}:{line}" for line in handlers_inside(block)]
    told(
        complaints,
        "Database errors are caught outside atomic; inside, put the failing statement into an atomic of its own.",
    )


def is_atomic_block(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any("atomic" in ast.unparse(item.context_expr) for item in node.items)


def is_atomic_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(decorator).rpartition(".")[2] in {"action", "atomic"} for decorator in node.decorator_list
    )


def handlers_inside(block: ast.AST) -> Iterator[int]:
    for node in ast.walk(block):
        if not isinstance(node, ast.Try):
            continue
        caught = {
            name.id
            for handler in node.handlers
            if handler.type
            for name in ast.walk(handler.type)
            if isinstance(name, ast.Name)
        }
        own_savepoint = any(is_atomic_block(inner) for statement in node.body for inner in ast.walk(statement))
        if caught & DATABASE_ERRORS and not own_savepoint:
            yield node.lineno


def test_actions_name_who_acts():
    complaints = []
    for path in source_files(*APPS):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "action" for d in node.decorator_list):
                arguments = node.args
                if arguments.args or arguments.posonlyargs or "by" not in [arg.arg for arg in arguments.kwonlyargs]:
                    complaints.append(f"{short(path)}:{node.lineno}: {node.name}")
    told(complaints, "An action is verb(*, by, ...): keyword-only, and by= says who acts.")


# -- Names and sizes ---------------------------------------------------------------------------------------------------
def test_every_file_is_named_for_a_noun():
    complaints = [
        short(path)
        for path in source_files(*APPS, "tests", "launch")
        if path.stem in DRAWERS or set(path.parent.parts) & DRAWERS
    ]
    told(complaints, "No drawer: name the file for the noun whose rules it holds.")


def test_files_stay_readable():
    complaints = [
        f"{short(path)}: {count} lines"
        for path in source_files(*APPS, "tests", "launch")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    told(complaints, f"A file over {LONGEST_FILE} lines is split by noun.")


def test_views_stay_short():
    complaints = [
        f"{short(path)}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in source_files(*APPS)
        if layer(path) == "views"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > LONGEST_VIEW
    ]
    told(
        complaints, f"A view has about 20 lines and never over {LONGEST_VIEW}: decorator, loader, form, action, answer."
    )


def test_views_are_functions():
    complaints = [
        f"{short(path)}:{node.lineno}: class {node.name}"
        for path in source_files(*APPS)
        if layer(path) == "views" and short(path) != "practice/views/account.py"
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("View") for base in node.bases)
    ]
    told(complaints, "Views are functions; only those of allauth, in practice/views/account.py, are classes.")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\bdate\.today\(\)|datetime\.(now|utcnow|today)\(", "the clock is timezone.now(), a day is local"),
        (r"\bTODO\b|\bFIXME\b|\bXXX\b", "nothing unfinished is left behind"),
        (r"mark_safe\((?!\s*(f?[\"']|nh3\.clean))", "only literals and cleaned HTML are safe by word; use format_html"),
        (r"\.(filter|exclude|annotate|order_by)\(\*\*request\.", "a query string never names a query's arguments"),
        (r'fields = "__all__"', "a form names its fields"),
    ],
)  # fmt: skip
def test_the_code_is_free_of(pattern, why):
    complaints = [
        f"{short(path)}:{number}: {line.strip()}"
        for path in source_files(*APPS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    told(complaints, why)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\sstyle=|<style", "no inline style: the content policy refuses it"),
        (r"\son\w+=|hx-on", "no inline script: the content policy refuses it"),
        (r"<script(?![^>]*\bsrc=)", "no inline script: the content policy refuses it"),
        (r"#[0-9a-fA-F]{3,8}\b(?=[;\"' ])(?<!theme-color)", "no raw colour: colours are tokens of evenkeel.css"),
        (r"<(script|img|link|iframe|source)[^>]*(src|href)=\"(https?:)?//", "no third-party request"),
    ],
)  # fmt: skip
def test_templates_are_free_of(pattern, why):
    exempt = {"base.html", "emails"}  # the theme colour of the browser's bar; e-mail clients know no style sheet
    complaints = [
        f"{short(path)}:{number}: {line.strip()[:120]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if path.relative_to(ROOT / "templates").parts[0] not in exempt
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    told(complaints, why)
