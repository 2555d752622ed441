"""The steps of the walk in their order."""

from __future__ import annotations

from practice.walk import desking, registering, treating, visiting
from practice.walk.walking import Step

STEPS: tuple[tuple[str, Step], ...] = (
    ("A visitor reads what the practice does", visiting.read),
    ("chooses a therapist and sees free times", visiting.choose),
    ("holds a time and books it", visiting.book_talk),
    ("The confirmation arrives", visiting.confirmation),
    ("The private link confirms", visiting.confirm_by_link),
    ("and moves", visiting.move_by_link),
    ("A second talk is cancelled by its link", visiting.cancel_second),
    ("Reminders go out", visiting.reminders),
    ("The front desk sees the day, the week and the new person", desking.look),
    ("and invites; the account is made", desking.invite),
    ("The patient signs in", registering.sign_in),
    ("and registers", registering.register),
    ("The talk is held", desking.hold_talk),
    ("The therapist records what comes of it", treating.record_outcome),
    ("and opens a course", treating.open_course),
    ("The front desk books the next session", desking.book_ahead),
    ("The patient answers PEG", registering.answer_peg),
    ("and PHQ-9, the ninth question above zero", registering.answer_phq),
    ("The therapist has an alert", treating.see_alert),
    ("The first session is held", desking.hold_session),
    ("The therapist writes the note", treating.write_note),
    ("gives an article with it", treating.give_article),
    ("signs", treating.sign_note),
    ("and adds an addendum", treating.add_addendum),
    ("The patient reads the own record", registering.read_record),
    ("and the article", registering.read_article),
    ("All parts are well", treating.all_is_well),
)
