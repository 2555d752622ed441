"""Who reaches which page: one row for every URL name, asserted cell by cell in test_access.py, see docs/access.md.

A row is made by one of the constructors below. To add the pages of another app, write ``tests/<app>/access_table.py``
with a ``RULES`` of its own; it is found by name.

    "practice:fees": public(),                                   everybody, visitors included
    "practice:today": signed_in(),                               everybody who is signed in
    "practice:message-list": roles("front_desk manager"),        these actors; the others signed in get 404
    "practice:patient-detail": roles("therapist front_desk", of=patient_pk),      a page about a row

``of`` is a function ``(world, side) -> kwargs of the URL``. It makes the row of patient A, who is treated by therapist,
trainee and supervisor (``side.patient``, ``side.clinician``), or of patient B, treated by the other therapist. The row
of patient A is asked for by all actors, then the row of patient B (answers swap sides), then one that does not exist
(404 for everybody signed in).
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

ACTORS = {
    "anonymous": "visitor",
    "patient": "patient A",
    "other_patient": "patient B",
    "other_therapist": "therapist off the case",
    "therapist": "therapist",
    "trainee": "trainee",
    "supervisor": "supervisor",
    "front_desk": "front desk",
    "manager": "manager",
}
CASE = "therapist trainee supervisor"  # the clinicians of patient A
CLINICIANS = CASE + " other_therapist"
SCHEDULERS = "front_desk manager"
STAFF = f"{CLINICIANS} {SCHEDULERS}"
PATIENTS = "patient other_patient"

# Whose answer an actor gets for the row of patient B: the one the mirrored actor gets for the row of patient A.
MIRROR = {
    "patient": "other_patient",
    "other_patient": "patient",
    "therapist": "other_therapist",
    "other_therapist": "therapist",
    "trainee": "other_therapist",
    "supervisor": "other_therapist",
}
Maker = Callable[[Any, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """``answers``: actor -> allow, deny (404) or login.

    ``fixed`` are parts of the address that name no row. ``get_writes``: tables that a GET of this page may write to.
    ``post_only``: whoever may reach it gets 405 for a GET.
    """

    answers: Mapping[str, str]
    of: Maker | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    get_writes: frozenset[str] = field(default_factory=frozenset)
    post_only: bool = False

    def sides(self) -> list[str]:
        return ["own", "other", "missing"] if self.of else ["own"]

    def answer(self, actor: str, side: str) -> str:
        if side == "other":
            return self.answers[MIRROR.get(actor, actor)]
        if side == "missing" and self.answers[actor] == "allow":
            return "deny"
        return self.answers[actor]


def row(allowed: str, *, visitors: str, **options: Any) -> Row:
    names = set(allowed.split())
    assert names <= set(ACTORS), f"unknown actors: {names - set(ACTORS)}"
    answers = {actor: "allow" if actor in names else "deny" for actor in ACTORS}
    options["get_writes"] = frozenset(options.get("get_writes", "").split())
    return Row(answers | {"anonymous": visitors}, **options)


def public(**options: Any) -> Row:
    """Everybody, signed in or not."""
    return row(" ".join(ACTORS), visitors="allow", **options)


def signed_in(**options: Any) -> Row:
    """Everybody who is signed in; a visitor is sent to sign in."""
    return row(f"{PATIENTS} {STAFF}", visitors="login", **options)


def roles(allowed: str, **options: Any) -> Row:
    """The actors named, by role and, with ``of``, by their relation to patient A; a visitor is sent to sign in."""
    return row(allowed, visitors="login", **options)


def patients(**options: Any) -> Row:
    """Any patient, about nobody's row but the own."""
    return roles(PATIENTS, **options)


def clinicians(**options: Any) -> Row:
    return roles(CLINICIANS, **options)


def schedulers(**options: Any) -> Row:
    return roles(SCHEDULERS, **options)


def missing(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The same address for something that does not exist."""
    absent = {int: 999_999_999, uuid.UUID: uuid.uuid4()}
    return {key: absent.get(type(value), "m" * 22) for key, value in kwargs.items()}


# -- Makers of rows ---------------------------------------------------------------------
def patient_pk(world, side) -> dict[str, Any]:
    return {"pk": side.patient.pk}


def passkey_pk(world, side) -> dict[str, Any]:
    from allauth.mfa.models import Authenticator  # noqa: PLC0415  (the table is printed without a database)

    data = {"name": "My phone", "credential": {}}
    return {"pk": Authenticator.objects.create(user=side.patient.user, type="webauthn", data=data).pk}


def failed_message_pk(world, side) -> dict[str, Any]:
    """A message that cannot be delivered: a task for those who keep the schedule."""
    from django.utils import timezone  # noqa: PLC0415

    from practice.models import Message  # noqa: PLC0415

    now = timezone.now()
    message = Message(kind="reminder_late", channel="email", patient=side.patient, state="failed", due_at=now)
    message.about_type, message.about_id, message.next_attempt_at = "practice.appointment", 1, now
    message.copy = Message.objects.filter(patient=side.patient).count()
    message.save()
    return {"pk": message.pk}


def appointment_pk(world, side) -> dict[str, Any]:
    """A visit to come of this side's patient with this side's clinician, each a day after the one before."""
    from datetime import timedelta  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from practice.models import Appointment, Therapist  # noqa: PLC0415
    from tests import cast  # noqa: PLC0415

    starts_at = timezone.now() + timedelta(days=1 + Appointment.objects.count())
    clinician = Therapist.objects.get(user=side.clinician)
    return {"pk": cast.appointment(therapist=clinician, patient=side.patient, starts_at=starts_at).pk}


def visit_uid(world, side) -> dict[str, Any]:
    from practice.models import Appointment  # noqa: PLC0415

    return {"uid": Appointment.objects.get(pk=appointment_pk(world, side)["pk"]).uid}


def delivered_key(world, side) -> dict[str, Any]:
    from practice import outbox_folder  # noqa: PLC0415
    from practice.letter import Letter  # noqa: PLC0415

    words = {"kind": "reminder_late", "channel": "email", "sender": "Tern Bay", "to": "a@example.org", "text": "Words"}
    letter = Letter(key=uuid.uuid4(), calendar=b"BEGIN:VCALENDAR", method="REQUEST", **words)
    outbox_folder.deliver(letter)
    return {"key": letter.key}


RULES: dict[str, Row] = {
    # The text pages
    "practice:home": public(),
    "practice:how-it-works": public(),
    "practice:fees": public(),
    "practice:privacy": public(),
    "practice:accessibility": public(),
    "practice:help-now": public(),
    # Therapists, free times, and booking without an account
    "practice:therapist-list": public(),
    "practice:therapist-detail": public(fixed={"slug": "ines-varga"}),
    "practice:slot-list": public(fixed={"slug": "ines-varga"}),
    "practice:slot-json": public(fixed={"slug": "ines-varga"}),
    "practice:slot-first": public(),
    "practice:slot-first-json": public(),
    "practice:slot-zone": public(),
    "practice:hold-create": public(post_only=True),
    "practice:hold-extend": public(post_only=True),
    "practice:booking-confirm": public(),
    "practice:booking-done": public(),
    # The private link of an appointment, without which only its patient is let in
    "practice:manage-open": public(fixed={"token": "not-a-token-of-anybody"}),
    "practice:manage-show": row("patient", visitors="deny", of=visit_uid),
    "practice:manage-confirm": row("patient", visitors="deny", of=visit_uid, post_only=True),
    "practice:manage-move": row("patient", visitors="deny", of=visit_uid),
    "practice:manage-cancel": row("patient", visitors="deny", of=visit_uid),
    "practice:manage-calendar": row("patient", visitors="deny", of=visit_uid),
    "practice:appointment-mine": patients(),
    # The start page
    "practice:today": signed_in(),
    # Messages that failed
    "practice:message-list": schedulers(),
    "practice:message-resend": schedulers(of=failed_message_pk, post_only=True),
    "practice:message-settle": schedulers(of=failed_message_pk, post_only=True),
    # How the machinery is
    "practice:status": roles("manager"),
    "practice:healthz": public(),
    "practice:readyz": public(),
    "practice:statusz": public(),
    # The front desk's calendar and appointments
    "practice:desk-day": roles(STAFF),
    "practice:desk-week": roles(STAFF),
    "practice:appointment-create": schedulers(),
    "practice:appointment-find": schedulers(post_only=True),
    "practice:appointment-detail": roles(f"{CASE} {SCHEDULERS}", of=appointment_pk),
    "practice:appointment-move": schedulers(of=appointment_pk),
    "practice:appointment-cancel": schedulers(of=appointment_pk),
    "practice:appointment-arrive": roles(f"therapist {SCHEDULERS}", of=appointment_pk, post_only=True),
    "practice:appointment-late": roles(f"therapist {SCHEDULERS}", of=appointment_pk, post_only=True),
    "practice:appointment-attend": roles(f"therapist {SCHEDULERS}", of=appointment_pk, post_only=True),
    "practice:appointment-miss": roles(f"therapist {SCHEDULERS}", of=appointment_pk, post_only=True),
    "practice:appointment-undo": roles(f"therapist {SCHEDULERS}", of=appointment_pk, post_only=True),
    # The demo's outbox
    "practice:demo-outbox": public(),
    "practice:demo-letter": public(of=delivered_key),
    "practice:demo-calendar": public(of=delivered_key),
    # The demo's front door; production has no such addresses (test_settings.py)
    "practice:demo-start": public(),
    "practice:demo-step-in": public(fixed={"step": "patient"}, post_only=True),
    # Patients on the schedule side, and the way to an account
    "practice:patient-list": roles(STAFF),
    "practice:patient-create": schedulers(),
    "practice:patient-detail": roles(f"{CASE} {SCHEDULERS}", of=patient_pk),
    "practice:patient-invite": roles(f"{CASE} {SCHEDULERS}", of=patient_pk, post_only=True),
    "practice:patient-merge": schedulers(of=patient_pk, post_only=True),
    "practice:invitation-accept": public(fixed={"token": "not-a-token-of-anybody"}),
    # Signing in and out. A visitor with no sign-in under way is sent to its beginning.
    "account_login": public(),
    "account_request_login_code": public(),
    "account_confirm_login_code": signed_in(),
    "mfa_authenticate": signed_in(),
    "mfa_login_webauthn": signed_in(),
    "account_logout": public(),
    "account_inactive": public(),
    "account_reauthenticate": signed_in(),
    "mfa_reauthenticate": signed_in(),
    "mfa_reauthenticate_webauthn": signed_in(),
    # The password of staff, second factors and passkeys
    "account_change_password": roles(STAFF),
    "account_reset_password": public(),
    "account_reset_password_done": public(),
    "account_reset_password_from_key": public(fixed={"uidb36": "1", "key": "old-key"}),
    "account_reset_password_from_key_done": public(),
    "mfa_index": signed_in(),
    "mfa_activate_totp": roles(STAFF),
    "mfa_deactivate_totp": roles(STAFF),
    "mfa_add_webauthn": signed_in(),
    "mfa_remove_webauthn": roles("patient", of=passkey_pk),
    "mfa_view_recovery_codes": roles(STAFF),
    "mfa_generate_recovery_codes": roles(STAFF),
    "mfa_download_recovery_codes": roles(STAFF),
}


def all_rules() -> dict[str, Row]:
    """The rows of every app; a URL name stands in one table only."""
    found = dict(RULES)
    for app in ("intake", "education", "sessions"):
        name = f"tests.{app}.access_table"
        if find_spec(name):
            own = importlib.import_module(name).RULES
            assert not found.keys() & own.keys(), found.keys() & own.keys()
            found |= own
    return found


def as_markdown() -> str:
    """The table as docs/access.md prints it."""
    signs = {"allow": "yes", "deny": "404", "login": "sign in"}
    lines = [
        "# Who reaches which page",
        "",
        "Made from the rows that `tests/practice/test_access.py` asserts, by `python -m tests.practice.access_table`.",
        "*A row* is a page about one patient's row. There the answers are those for patient A, who is treated by",
        "therapist, trainee and supervisor; patient B and the therapist off the case get the mirrored answers for",
        "patient B's. *404* never says whether something exists.",
        "",
        "| page | a row | " + " | ".join(ACTORS.values()) + " |",
        "|---" * (len(ACTORS) + 2) + "|",
    ]
    for name, rule in sorted(all_rules().items()):
        cells = " | ".join(signs[rule.answers[actor]] for actor in ACTORS)
        lines.append(f"| `{name}` | {'yes' if rule.of else ''} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import os
    from pathlib import Path

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    django.setup()
    (Path(__file__).resolve().parents[2] / "docs" / "access.md").write_text(as_markdown(), encoding="utf-8")
