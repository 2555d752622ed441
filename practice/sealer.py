"""The sealer of the audit trail: hash-chained seals over finished transactions, anchored outside the database.

Audit rows are plain inserts of the transaction they belong to; a chain written there would hold its lock across the
commit. So the sealer follows behind: it takes the rows of all transactions below ``pg_snapshot_xmin``, which have
ended and can get no further row, and never goes by the greatest id, below which a slow transaction may still commit.

A seal's digest covers the digest before it, every row in order as length-prefixed canonical JSON, its range and its
counts. Editing or deleting a sealed row breaks its seal; cutting off the end together with its seals, or sealing
everything anew, contradicts the anchors: lines of range, count and digest in a file on other storage.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from practice import heartbeat
from practice.models import AuditEvent, AuditSeal

try:
    import fcntl
except ImportError:  # a platform without file locks runs one sealer at a time anyway
    fcntl = None

FIELDS = (
    "id",
    "at",
    "xact",
    "actor_id",
    "actor_roles",
    "action",
    "object_type",
    "object_id",
    "patient_id",
    "request_id",
    "detail",
)
BEGINNING = b"\x00" * 32
ONE_SEALER = 7001  # the advisory lock that lets one sealer work at a time
AT_ONCE = 2000


class TransactionsRestarted(Exception):
    """The database counts its transactions from an earlier number than the last seal: it was restored from a dump."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was sealed. ``seal`` is the id of the seal concerned, None for the anchors."""

    seal: int | None
    text: str


def canonical(value: Any) -> bytes:
    """One spelling for one value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def spelled(row: tuple[Any, ...]) -> bytes:
    """An audit row as canonical JSON; its time in UTC with microseconds."""
    number, at, *rest = row
    return canonical([number, at.astimezone(UTC).isoformat(timespec="microseconds"), *rest])


def rows_between(from_xact: int, until_xact: int) -> Iterator[tuple[Any, ...]]:
    """The rows of the transactions from ``from_xact`` up to, not including, ``until_xact``, in order of id."""
    events = AuditEvent.objects.filter(xact__gte=from_xact, xact__lt=until_xact).order_by("id")
    return events.values_list(*FIELDS).iterator(chunk_size=AT_ONCE)


def digest_of(
    previous: bytes, rows: Iterable[tuple[Any, ...]], *, from_xact: int, until_xact: int, total_before: int
) -> tuple[int, bytes]:
    """The number of rows and the SHA-256 of a seal. Each part follows its length, so no two spellings collide."""
    digest = hashlib.sha256(previous)
    count = 0
    for row in rows:
        part = spelled(row)
        digest.update(len(part).to_bytes(8, "big") + part)
        count += 1
    end = canonical({"events": count, "from": from_xact, "total": total_before + count, "until": until_xact})
    digest.update(len(end).to_bytes(8, "big") + end)
    return count, digest.digest()


def seal() -> AuditSeal | None:
    """Seal every finished transaction since the last seal; None where there is nothing new or another sealer works.

    Raises TransactionsRestarted after a restore from a dump, which needs a decision of people.
    """
    with transaction.atomic():
        if not only_sealer():
            return None
        made = seal_range(*unsealed_range())
    anchor()
    heartbeat.beat(heartbeat.SEALER)
    return made


def only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_SEALER])
        return cursor.fetchone()[0]


def unsealed_range() -> tuple[AuditSeal | None, int]:
    """The last seal, and the transaction below which everything has ended."""
    last = AuditSeal.objects.order_by("-until_xact").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        ended = int(cursor.fetchone()[0])
    if last and ended < last.until_xact:
        raise TransactionsRestarted(
            "The database counts its transactions from the beginning again, as after a restore from a dump. "
            "Restore the physical backup instead: the seals cannot go on from a dump."
        )
    return last, ended


def seal_range(last: AuditSeal | None, until_xact: int) -> AuditSeal | None:
    from_xact = last.until_xact if last else 0
    if not AuditEvent.objects.filter(xact__gte=from_xact, xact__lt=until_xact).exists():
        return None
    previous = bytes(last.digest) if last else BEGINNING
    total = last.total_events if last else 0
    rows = rows_between(from_xact, until_xact)
    count, digest = digest_of(previous, rows, from_xact=from_xact, until_xact=until_xact, total_before=total)
    return AuditSeal.objects.create(
        from_xact=from_xact,
        until_xact=until_xact,
        events=count,
        total_events=total + count,
        previous=previous,
        digest=digest,
    )


# -- Anchors: what the database cannot take back ----------------------------------------------------------------------
def anchor_line(seal: AuditSeal) -> str:
    return f"{seal.until_xact} {seal.total_events} {bytes(seal.digest).hex()}"


def anchor() -> None:
    """Append the seals that the anchor file does not hold yet, and see them on the disk.

    Written after the commit of the seal: an anchor without a seal would be an alarm for nothing. A process that dies
    in between leaves the line to the next one.
    """
    path = Path(settings.AUDIT_ANCHOR_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        known = last_anchored(file)
        missing = AuditSeal.objects.filter(until_xact__gt=known).order_by("until_xact")
        lines = [anchor_line(seal) + "\n" for seal in missing]
        if lines:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())


def last_anchored(file: Any) -> int:
    """The transaction up to which the file holds anchors; read from its end, for the file only grows."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 300))
    lines = file.read().split("\n")[:-1]
    return int(lines[-1].split()[0]) if lines else 0


# -- Verifying --------------------------------------------------------------------------------------------------------
def verify() -> list[Finding]:
    """Recompute every seal and compare every anchor. Empty where nothing was touched since it was sealed."""
    return [*broken_seals(), *broken_anchors()]


def broken_seals() -> Iterator[Finding]:
    until, previous, total = 0, BEGINNING, 0
    for seal in AuditSeal.objects.order_by("until_xact").iterator():
        if seal.from_xact != until or bytes(seal.previous) != previous or seal.total_events != total + seal.events:
            yield Finding(seal.pk, f"Seal {seal.pk} does not follow the seal before it: a seal was removed or changed.")
        rows = rows_between(seal.from_xact, seal.until_xact)
        count, digest = digest_of(
            bytes(seal.previous),
            rows,
            from_xact=seal.from_xact,
            until_xact=seal.until_xact,
            total_before=seal.total_events - seal.events,
        )
        if count != seal.events:
            yield Finding(seal.pk, f"Seal {seal.pk} covers {seal.events} rows, and {count} are there: {when(seal)}.")
        elif digest != bytes(seal.digest):
            yield Finding(seal.pk, f"A row that seal {seal.pk} covers was edited or exchanged: {when(seal)}.")
        until, previous, total = seal.until_xact, bytes(seal.digest), seal.total_events


def when(seal: AuditSeal) -> str:
    return f"sealed {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"


def broken_anchors() -> Iterator[Finding]:
    path = Path(settings.AUDIT_ANCHOR_FILE)
    anchors = path.read_text(encoding="ascii").split("\n")[:-1] if path.exists() else []
    seals = {seal.until_xact: anchor_line(seal) for seal in AuditSeal.objects.order_by("until_xact").iterator()}
    for number, line in enumerate(anchors, start=1):
        if seals.get(int(line.split()[0])) != line:
            yield Finding(None, f"Line {number} of the anchors has no such seal: the trail was cut off or sealed anew.")
    anchored = {int(line.split()[0]) for line in anchors}
    lost = [until for until in seals if until not in anchored]
    if lost and max(lost) != max(seals):
        yield Finding(None, f"{len(lost)} seals are missing from the anchors: lines of the file were removed.")
    elif lost and len(lost) > 1:
        yield Finding(None, f"The last {len(lost)} seals were never anchored: is the anchor file where it belongs?")


def unsealed_count() -> int:
    """How many rows no seal covers yet."""
    last = AuditSeal.objects.order_by("-until_xact").first()
    return AuditEvent.objects.filter(xact__gte=last.until_xact if last else 0).count()
