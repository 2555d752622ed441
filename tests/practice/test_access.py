"""The access matrix: every URL times every actor has a declared answer, and gives it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from practice import roles
from practice.models import AuditEvent, CareAssignment, Patient, User
from tests import cast
from tests.practice.access_table import ACTORS, Row, all_rules, as_markdown, missing

WRITE = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
ALWAYS_WRITABLE = {"practice_auditevent", "django_session"}
ANSWERED = {409, 410, 422, 429, 503}  # a page that says why not is still a page this person may reach (503: statusz)


def url_names(resolver: URLResolver | None = None, namespace: str = "") -> list[str]:
    """Every URL name with its namespace; an address without a name is reported as its pattern."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += url_names(entry, inner)
        elif isinstance(entry, URLPattern):
            found.append(f"{namespace}{entry.name}" if entry.name else f"unnamed {entry.pattern}")
    return found


def test_every_url_has_a_row():
    without = sorted(set(url_names()) - set(all_rules()))
    assert not without, f"add a row to tests/<app>/access_table.py for: {without}"


def test_every_row_has_a_url():
    without = sorted(set(all_rules()) - set(url_names()))
    assert not without, f"the URLconf has no such name: {without}"


def test_the_printed_table_is_the_tested_one():
    printed = Path(settings.BASE_DIR / "docs" / "access.md").read_text(encoding="utf-8")
    assert printed == as_markdown(), "run: python -m tests.practice.access_table"


@dataclass
class Side:
    """One case: the patient, the patient's own account, and the account of a clinician who treats."""

    patient: Patient
    clinician: User


@dataclass
class World:
    """What the makers of rows may use: the cast, and a place to keep rows that several of them share."""

    cast: cast.Everyone
    own: Side
    other: Side
    kept: dict[Any, Any]

    def once(self, key: Any, make: Any) -> Any:
        """``make()`` the first time this key is asked for; the same row for every maker afterwards."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]


def make_world() -> World:
    """Everybody with a second factor, and the clinicians of patient A at the case."""
    people = cast.everyone()
    cast.care(people.patient, people.trainee)
    cast.care(people.patient, people.supervisor, CareAssignment.CareRole.SUPERVISOR)
    for person in people.people.values():
        if isinstance(person, User):
            TOTP.activate(person, generate_totp_secret())
            RecoveryCodes.activate(person)
    own, other = Side(people.patient, people.therapist), Side(people.other_patient, people.other_therapist)
    return World(people, own, other, {})


@pytest.fixture
def world(db) -> World:
    return make_world()


def verdict(response) -> str:
    if response.status_code in {301, 302, 303} and reverse("account_login") in response.headers["Location"]:
        return "login"
    if response.status_code == 404:
        return "deny"
    if response.status_code == 405:
        return "405"
    return "allow" if 200 <= response.status_code < 400 or response.status_code in ANSWERED else response.status_code


@dataclass
class Cell:
    status: str
    error: str
    written: set[str]
    denials: int
    leaked: bool


def refusals() -> int:
    return AuditEvent.objects.filter(action="denied").count()


def ask(client, session: str | None, method: str, url: str, canary: str, before: int) -> Cell:
    """Ask once and undo everything, the session and the cookie included, so that cells cannot influence each other.

    ``before``: how many refusals are on record without this one.
    """
    written: set[str] = set()

    def watch(execute, sql, params, many, context):
        written.update(table.lower() for table in WRITE.findall(sql))
        return execute(sql, params, many, context)

    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        with connection.execute_wrapper(watch):
            response = client.generic(method, url)
            content = b"" if response.streaming else response.content
        denials = refusals() - before
        transaction.set_rollback(True)
    leaked = canary.encode() in content or canary in str(response.headers)
    error = repr(response.exc_info[1]) if getattr(response, "exc_info", None) else ""
    return Cell(verdict(response), error, written - ALWAYS_WRITABLE, denials, leaked)


def wrong(row: Row, actor: str, side: str, method: str, cell: Cell) -> str:
    expected = row.answer(actor, side)
    if row.post_only and method == "GET" and expected == "allow" and cell.status != "405":
        return "declared post_only, but answers a GET"
    if cell.status == "405":
        return ""
    if cell.status != expected:
        return f"answered {cell.status}, declared {expected} {cell.error}"
    if expected != "allow" and cell.leaked:
        return "a refused page shows the patient's name"
    if expected != "allow" and cell.written:
        return f"a refused request wrote to {sorted(cell.written)}"
    if method == "GET" and cell.written - row.get_writes:
        return f"a GET wrote to {sorted(cell.written - row.get_writes)}"
    if expected == "deny" and actor != "anonymous" and cell.denials != 1:
        return f"the refusal left {cell.denials} audit rows instead of 1"
    return ""


@pytest.mark.parametrize("actor", ACTORS)
def test_every_cell_of(actor, world, as_, settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    sides = {"own": world.own, "other": world.other}
    person = None if actor == "anonymous" else getattr(world.cast, actor)
    client = as_(person.user if isinstance(person, Patient) else person, raise_request_exception=False)
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    session = cookie.value if cookie else None
    failures = []
    for name, row in all_rules().items():
        for side in row.sides():
            kwargs = row.of(world, sides.get(side, world.own)) if row.of else row.fixed
            url = reverse(name, kwargs=missing(kwargs) if side == "missing" else kwargs)
            canary = sides.get(side, world.own).patient.last_name
            is_self = person is sides.get(side, world.own).patient
            answered, before = set(), refusals()
            for method in ("GET", "POST") if side != "missing" else ("POST",) if row.post_only else ("GET",):
                cell = ask(client, session, method, url, "\0" if is_self else canary, before)
                answered.add(cell.status)
                complaint = wrong(row, actor, side, method, cell)
                if complaint:
                    failures.append(f"{method} {name} ({side}): {complaint}")
            if answered == {"405"}:
                failures.append(f"{name} ({side}): answers neither GET nor POST")
    assert not failures, f"{ACTORS[actor]}:\n" + "\n".join(failures)


def test_the_table_knows_every_role():
    assert {role.value for role in roles.Role} <= set(ACTORS)
