"""The folder that plays mail server and telephone company in the demo and in tests: one JSON file per delivery.

The first delivery of a message is ``<its id>.json``; every further one is a file of its own, ``<its id>.again-2.json``,
so that nobody can overlook a message that went out twice.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import uuid
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from practice.letter import Letter


@dataclass(frozen=True)
class Delivered:
    """A letter as it lies in the folder, and when it came."""

    letter: Letter
    at: dt.datetime


def folder() -> Path:
    path = Path(settings.OUTBOX_DIR)
    path.mkdir(parents=True, exist_ok=True)
    return path


def deliver(letter: Letter) -> str:
    """Write the letter and give it its name in one step; returns the name. Safe among any number of processes."""
    content = asdict(letter) | {
        "key": str(letter.key),
        "calendar": letter.calendar.decode() if letter.calendar else "",
        "delivered_at": timezone.now().isoformat(),
    }
    draft = folder() / f".{uuid.uuid4().hex}"
    draft.write_text(json.dumps(content, indent=1), encoding="utf-8")
    count = 1
    try:
        while True:
            name = f"{letter.key}.json" if count == 1 else f"{letter.key}.again-{count}.json"
            try:
                os.link(draft, folder() / name)
            except FileExistsError:
                count += 1
            else:
                return name
    finally:
        draft.unlink()


def read(path: Path) -> Delivered:
    content = json.loads(path.read_text(encoding="utf-8"))
    at = dt.datetime.fromisoformat(content.pop("delivered_at"))
    content |= {"key": uuid.UUID(content["key"]), "calendar": content["calendar"].encode() or None}
    return Delivered(Letter(**content), at)


def newest(limit: int) -> list[Delivered]:
    """The deliveries that came last, newest first, second deliveries included."""
    return [read(path) for path in paths()[:limit]]


def paths() -> list[Path]:
    """Every file of a delivery, newest first."""
    return sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def find(key: uuid.UUID) -> Delivered | None:
    path = folder() / f"{key}.json"
    return read(path) if path.exists() else None


def deliveries() -> Counter[str]:
    """How often each message, by its id, was delivered."""
    return Counter(path.name.partition(".")[0] for path in folder().glob("*.json"))
