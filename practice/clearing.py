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

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import structlog
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, InterfaceError, connection
from django.utils import timezone

from practice import audit, heartbeat, locking
from practice.action import action
from practice.locking import SlotTaken, one_winner
from practice.models import Heartbeat, Patient, User

log = structlog.get_logger("evenkeel.clearing")

IDLE_FOR = timedelta(days=90)  # as in practice_erase_prospect, which does not take anybody's word for it
A_PAGE, MOST = 100, 500
MOST_FAILURES = 10  # each may cost a statement time-out
SESSIONS_AT_ONCE, SESSION_ROUNDS = 1_000, 200
EVERY = timedelta(days=1)

CANDIDATES = """
SELECT id FROM practice_patient
WHERE status = 'prospect' AND user_id IS NULL AND id > %s AND created_at < %s AND practice_nothing_follows(id, %s)
ORDER BY id LIMIT %s
"""


class StillNeeded(Exception):
    """Something follows from this person; nothing was erased."""


class NotAllErased(Exception):
    """The database refused some records; the others are erased."""


# -- Once a day --------------------------------------------------------------------------------------------------------
def tidy_when_due() -> bool:
    """Tidy up once a day, whoever asks: worker, loop, or several of each. False where somebody did it already.

    What fails is tried again the next day; the heartbeat ``tidied`` is of a day on which nothing failed.
    """
    if not take_on():
        return False
    if all([went_well(clear_sessions), went_well(erase_idle_prospects)]):
        heartbeat.beat(heartbeat.TIDIED)
    return True


def take_on() -> bool:
    """Whether this caller is the one who does today's; nobody else will until a day from now."""
    now = timezone.now()
    for name, at in ((heartbeat.TIDY_FROM, now), (heartbeat.TIDYING, now - EVERY)):
        Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": at})
    return bool(Heartbeat.objects.filter(name=heartbeat.TIDYING, beat_at__lte=now - EVERY).update(beat_at=now))


def went_well(deed: Callable[[], int]) -> bool:
    """Do one part of the tidying; where the database stops it, the other part has its turn all the same."""
    try:
        deed()
    except (DatabaseError, InterfaceError, NotAllErased) as error:
        log.error("tidying.failed", task=deed.__name__, exc_info=error)
        return False
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
    """Erase up to ``most`` prospects from whom nothing followed for 90 days, each in a transaction; how many.

    A record the database refuses keeps nobody else. Raises NotAllErased at the end, and after ``MOST_FAILURES``.
    """
    before = timezone.now() - IDLE_FOR
    erased = failed = last = 0
    while erased < most and failed < MOST_FAILURES and (page := candidates(before, after=last)):
        last = page[-1]
        kept = following(page)
        for pk in [pk for pk in page if pk not in kept]:
            try:
                erased += was_erased(by=by, patient_id=pk)
            except (DatabaseError, InterfaceError) as error:
                failed += 1
                log.error("prospect.not_erased", exc_info=error)
            if erased == most or failed == MOST_FAILURES:
                break
    if erased or failed:
        log.info("prospects.erased", count=erased, failed=failed)
    if failed:
        raise NotAllErased
    return erased


def was_erased(*, by: User | None, patient_id: int) -> bool:
    """Erase one prospect; False where the person stays, because something follows or the record is in use."""
    try:
        erase_prospect(by=by, patient_id=patient_id)
    except (StillNeeded, SlotTaken) as reason:
        log.warning("prospect.kept", reason=type(reason).__name__)
        return False
    return True


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
