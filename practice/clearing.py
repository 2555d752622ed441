"""What does not stay: prospects from whom nothing followed, and ended sign-ins (architecture.md 6).

A prospect is erased 90 days after the last visit ended or was cancelled, history included, where nothing follows. What
follows is found twice: here, by asking every app, so that an app may delete what it holds of a free talk; and by the
database function that deletes, which looks for itself and refuses anybody else. Audit events stay; they carry ids only.

An app takes part by a module ``privacy.py`` with

* ``following(patients: Collection[int]) -> set[int]``: those of the ids from whom something follows that must stay;
* ``erase(patient) -> int``: delete what it holds of somebody from whom nothing follows; how many rows went. Raises
  StillNeeded.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import structlog
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection
from django.utils import timezone

from practice import audit, locking
from practice.action import action
from practice.locking import SlotTaken, one_winner
from practice.models import Heartbeat, Patient, User

log = structlog.get_logger("evenkeel.clearing")

IDLE_FOR = timedelta(days=90)  # as in practice_erase_prospect, which does not take anybody's word for it
A_PAGE, MOST = 100, 500
SESSIONS_AT_ONCE, SESSION_ROUNDS = 1_000, 200
TIDIED, EVERY = "tidied", timedelta(days=1)

CANDIDATES = """
SELECT id FROM practice_patient
WHERE status = 'prospect' AND user_id IS NULL AND id > %s AND created_at < %s AND practice_nothing_follows(id, %s)
ORDER BY id LIMIT %s
"""


class StillNeeded(Exception):
    """Something follows from this person; nothing was erased."""


# -- Once a day --------------------------------------------------------------------------------------------------------
def tidy_when_due() -> bool:
    """Tidy up once a day, whoever asks: worker, loop, or several of each. False where somebody did it already."""
    now = timezone.now()
    _row, is_first = Heartbeat.objects.get_or_create(name=TIDIED, defaults={"beat_at": now})
    if not (is_first or Heartbeat.objects.filter(name=TIDIED, beat_at__lte=now - EVERY).update(beat_at=now)):
        return False
    erase_idle_prospects()
    clear_sessions()
    return True


def clear_sessions() -> int:
    """Delete sign-ins and bookings of browsers that ended, in small bites; how many."""
    gone = 0
    ended = Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)
    for _round in range(SESSION_ROUNDS):
        some, _by_model = Session.objects.filter(pk__in=list(ended[:SESSIONS_AT_ONCE])).delete()
        gone += some
        if some < SESSIONS_AT_ONCE:
            break
    return gone


# -- Prospects ---------------------------------------------------------------------------------------------------------
def erase_idle_prospects(*, by: User | None = None, most: int = MOST) -> int:
    """Erase up to ``most`` prospects from whom nothing followed for 90 days, each in a transaction; how many."""
    before = timezone.now() - IDLE_FOR
    erased = last = 0
    while erased < most and (page := candidates(before, after=last)):
        last = page[-1]
        kept = following(page)
        for pk in [pk for pk in page if pk not in kept][: most - erased]:
            try:
                erase_prospect(by=by, patient_id=pk)
            except (StillNeeded, SlotTaken) as reason:
                log.warning("prospect.kept", patient_id=pk, reason=type(reason).__name__)
            else:
                erased += 1
    if erased:
        log.info("prospects.erased", count=erased)
    return erased


def candidates(before: datetime, *, after: int) -> list[int]:
    """The next page of prospects from whom nothing follows in practice itself, by id."""
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, [after, before, before, A_PAGE])
        return [pk for (pk,) in cursor.fetchall()]


def erase_prospect(*, by: User | None, patient_id: int) -> int:
    """Erase one prospect with visits, messages, contact consents and history; how many rows went.

    Raises StillNeeded where anything follows, and SlotTaken where somebody keeps the record locked.
    """
    try:
        return erase_once(by=by, patient_id=patient_id)
    except IntegrityError as error:
        raise StillNeeded from error


@one_winner
@action
def erase_once(*, by: User | None, patient_id: int) -> int:
    locking.lock(people=[locking.patient_name(patient_id)])
    patient = Patient.objects.select_for_update().filter(pk=patient_id).first()
    if patient is None or following([patient_id]):
        raise StillNeeded
    rows = sum(module.erase(patient) for module in privacy_modules())
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_erase_prospect(%s)", [patient_id])
        rows += cursor.fetchone()[0]
    audit.record(by=by, action=audit.Action.ERASE, obj=patient, patient=patient_id, detail={"rows": rows})
    return rows


def following(patients: Collection[int]) -> set[int]:
    """Those of the patients from whom something follows in any app. A few queries, however many patients."""
    return set().union(*(module.following(patients) for module in privacy_modules()))


@cache
def privacy_modules() -> tuple[ModuleType, ...]:
    names = [f"{config.name}.privacy" for config in apps.get_app_configs()]
    return tuple(import_module(name) for name in names if find_spec(name))
