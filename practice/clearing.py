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

import random
import string
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from types import ModuleType

import structlog
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.crypto import get_random_string

from practice import audit, heartbeat, locking, patience
from practice.action import action
from practice.locking import SlotTaken, one_winner
from practice.models import Heartbeat, Patient, User

log = structlog.get_logger("evenkeel.clearing")

IDLE_FOR = timedelta(days=90)  # as in practice_erase_prospect, which does not take anybody's word for it
A_PAGE, MOST = 100, 500
PATIENCE = "5s"  # for one statement here: what is not deleted by then is refused
RUN_LASTS = 60.0  # seconds of both parts together; meanwhile the loop sends nothing
SESSIONS_AT_ONCE, SESSION_ROUNDS = 1_000, 200
KEY_CHARACTERS = string.ascii_lowercase + string.digits  # of a sign-in's key
EVERY = timedelta(days=1)

CANDIDATES = """
SELECT id FROM practice_patient
WHERE status = 'prospect' AND user_id IS NULL AND id > %s AND id <= %s AND created_at < %s
  AND practice_nothing_follows(id, %s)
ORDER BY id LIMIT %s
"""


class StillNeeded(Exception):
    """Something follows from this person; nothing was erased."""


class NotAllErased(Exception):
    """The database refused some records; the others had their turn."""


# -- Once a day --------------------------------------------------------------------------------------------------------
def tidy_when_due() -> bool:
    """Tidy up once a day, whoever asks: worker, loop, or several of each. False where somebody did it already.

    What fails is tried again the next day; the heartbeat ``tidied`` is of a day on which nothing failed.
    """
    if not take_on():
        return False
    ends = time.monotonic() + RUN_LASTS
    if all([went_well(clear_sessions, ends), went_well(erase_idle_prospects, ends)]):
        heartbeat.beat(heartbeat.TIDIED)
    return True


def take_on() -> bool:
    """Whether this caller is the one who does today's; nobody else will until a day from now."""
    now = timezone.now()
    for name, at in ((heartbeat.TIDY_FROM, now), (heartbeat.TIDYING, now - EVERY)):
        Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": at})
    return bool(Heartbeat.objects.filter(name=heartbeat.TIDYING, beat_at__lte=now - EVERY).update(beat_at=now))


def went_well(deed: Callable[..., int], ends: float) -> bool:
    """Do one part of the tidying; where the database stops it, the other part has its turn all the same."""
    try:
        deed(ends=ends)
    except (DatabaseError, InterfaceError, NotAllErased) as error:
        log.error("tidying.failed", task=deed.__name__, exc_info=error)
        return False
    return True


def clear_sessions(*, ends: float | None = None) -> int:
    """Delete sign-ins and bookings of browsers that ended, in small bites; how many.

    It gets half of a run. What was refused, or not reached, waits for the next day. Raises NotAllErased.
    """
    now = time.monotonic()
    half = now + RUN_LASTS / 2 if ends is None else now + (ends - now) / 2
    gone = failed = 0
    for bite in islice(ended_sessions(), SESSION_ROUNDS):
        if time.monotonic() >= half:
            break
        some, refused = delete_bite(bite, half)
        gone, failed = gone + some, failed + refused
    if failed:
        raise NotAllErased
    return gone


def ended_sessions() -> Iterator[list[str]]:
    """The keys of all that ended, a bite at a time, from anywhere on and round, as with people below."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).order_by("pk").values_list("pk", flat=True)
    start = get_random_string(32, KEY_CHARACTERS)
    for part in (ended.filter(pk__gt=start), ended.filter(pk__lte=start)):
        last = ""
        while bite := list(part.filter(pk__gt=last)[:SESSIONS_AT_ONCE]):
            yield bite
            last = bite[-1]


def delete_bite(keys: list[str], ends: float) -> tuple[int, int]:
    """Delete sign-ins; how many went and how many stayed because of a refusal.

    A refused bite is tried again by halves; nothing is tried after ``ends`` of the clock that nobody sets.
    """
    gone = failed = 0
    waiting = [keys]
    while waiting and time.monotonic() < ends:
        bite = waiting.pop()
        try:
            gone += delete_sessions(bite)
        except (DatabaseError, InterfaceError) as error:
            go_on_after(error)
            if len(bite) == 1:
                failed += 1
                log.error("session.not_cleared", count=1, exc_info=error)
            else:
                middle = len(bite) // 2
                waiting += [bite[middle:], bite[:middle]]
    if untried := sum(len(bite) for bite in waiting):
        log.error("session.not_cleared", count=untried)
    return gone, failed + untried


@transaction.atomic
def delete_sessions(keys: list[str]) -> int:
    be_patient()
    return Session.objects.filter(pk__in=keys).delete()[0]


def be_patient() -> None:
    """From here to the end of the transaction no statement lasts longer than ``PATIENCE``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])


def go_on_after(error: Exception) -> None:
    """Make the connection fit for the next record; raises the error where there is no database to go on with."""
    if patience.was_away(error):
        raise error
    if not connection.in_atomic_block:  # whose end Django looks after itself
        connection.close_if_unusable_or_obsolete()


# -- Prospects ---------------------------------------------------------------------------------------------------------
def erase_idle_prospects(*, by: User | None = None, most: int = MOST, ends: float | None = None) -> int:
    """Erase up to ``most`` prospects from whom nothing followed for 90 days, each in a transaction; how many.

    A record the database refuses keeps nobody else, however many there are: a run goes on until ``ends``, and each
    begins somewhere else. Raises NotAllErased at the end.
    """
    ends = time.monotonic() + RUN_LASTS if ends is None else ends
    erased = failed = 0
    for pk in idle_prospects(timezone.now() - IDLE_FOR):
        if erased == most or time.monotonic() >= ends:
            break
        try:
            erased += was_erased(by=by, patient_id=pk)
        except (DatabaseError, InterfaceError) as error:
            failed += 1
            log.error("prospect.not_erased", exc_info=error)
            go_on_after(error)
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


def idle_prospects(before: datetime) -> Iterator[int]:
    """Everybody who may go, by id, from anywhere on and round: nobody stands behind the same others every day."""
    highest = Patient.objects.aggregate(highest=Max("pk"))["highest"] or 0
    start = random.randint(0, highest)
    for after, last in ((start, highest), (0, start)):
        while page := candidates(before, after=after, last=last):
            after = page[-1]
            kept = following(page)
            yield from (pk for pk in page if pk not in kept)


def candidates(before: datetime, *, after: int, last: int) -> list[int]:
    """The next page of prospects from whom nothing follows in practice itself, by id, up to ``last``."""
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, [after, last, before, before, A_PAGE])
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
    be_patient()
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
