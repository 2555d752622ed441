"""The steps of the walk in their order."""

from __future__ import annotations

from practice.walk import visiting

STEPS = (
    ("A visitor reads what the practice does", visiting.read),
    ("chooses a therapist and sees free times", visiting.choose),
    ("holds a time and books it", visiting.book_talk),
    ("The confirmation arrives", visiting.confirmation),
    ("The private link confirms", visiting.confirm_by_link),
    ("and moves", visiting.move_by_link),
    ("A second talk is cancelled by its link", visiting.cancel_second),
    ("Reminders go out", visiting.reminders),
)
