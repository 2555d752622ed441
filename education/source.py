"""What an article file says: TOML between two lines of ``+++``, then Markdown.

Headings are ``## Question?``. Two kinds of box stand in the text: ``::: action Title`` for the one thing to try and
``::: doctor Title`` for when to call a doctor; each ends with ``:::`` on its own line. ``[R7]`` points at the reference
with that key.
"""

from __future__ import annotations

import calendar
import datetime
import hashlib
import re
import tomllib
from dataclasses import dataclass
from typing import Any

BOX = re.compile(r"^::: (?P<kind>action|doctor) (?P<title>[^\n]+)\n(?P<text>.*?)^:::$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
CITED = re.compile(r"\[(R\d+)\]")
REQUIRED = {
    "code": str, "slug": str, "title": str, "lead": str, "audience": str, "language": str, "author": str,
    "clinical_reviewer": str, "reviewed_on": datetime.date, "review_months": int, "keywords": list, "synonyms": list,
    "related": list, "self_check": list, "references": list,
}  # fmt: skip


class Malformed(Exception):
    """An article file that cannot be read; the message says which part is missing."""


@dataclass(frozen=True)
class Source:
    """One article in one language as its file has it. ``checksum`` is the SHA-256 of the whole file, in hex."""

    code: str
    slug: str
    title: str
    lead: str
    audience: str
    language: str
    author: str
    clinical_reviewer: str
    reviewed_on: datetime.date
    review_months: int
    keywords: list[str]
    synonyms: list[str]
    related: list[str]
    self_check: list[dict[str, Any]]
    references: list[dict[str, str]]
    body: str
    checksum: str

    @property
    def review_by(self) -> datetime.date:
        """The day by which a clinician must have looked at the text again."""
        return months_after(self.reviewed_on, self.review_months)

    @property
    def everything_said(self) -> str:
        """All words a reader meets, references aside: what the word lists are held against."""
        answers = [
            [check["question"]] + [f"{choice['text']}\n{choice['reply']}" for choice in check["choices"]]
            for check in self.self_check
        ]
        return "\n\n".join([self.title, self.lead, self.body, *(line for check in answers for line in check)])


def months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day of the month ``months`` later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def parse(text: str) -> Source:
    """Read an article file. Raises :class:`Malformed` when the head is missing, unreadable or incomplete."""
    text = text.replace("\r\n", "\n")
    parts = re.split(r"^\+\+\+$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise Malformed("The file does not begin with a head between two lines of +++.")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"The head is not TOML: {error}") from error
    for name, kind in REQUIRED.items():
        if not isinstance(head.get(name), kind):
            raise Malformed(f"The head has no usable {name}.")
    if unknown := head.keys() - REQUIRED.keys():
        raise Malformed(f"The head has unknown entries: {', '.join(sorted(unknown))}.")
    for check in head["self_check"]:
        if not isinstance(check.get("question"), str) or not all(
            isinstance(choice.get(part), str) for choice in check.get("choices", []) for part in ("text", "reply")
        ):
            raise Malformed("A self-check needs a question, and each choice a text and a reply.")
    return Source(**head, body=parts[2].strip(), checksum=hashlib.sha256(text.encode()).hexdigest())
