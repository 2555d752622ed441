"""A letter: one message written out, ready to leave the house."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """What leaves the house. ``key`` is the row's id; ``calendar`` an .ics file whose METHOD is ``method``."""

    key: uuid.UUID
    kind: str
    channel: str
    sender: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    calendar: bytes | None = None
    method: str = ""
