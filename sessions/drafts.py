"""Rules of a note's draft, which loses no character (clinical.md 5.1).

A draft is saved whole, with the version its window knew. A window that did not know the newest one gets
:class:`StaleVersion`; its text is kept beside the other until the author has compared both.
"""

from __future__ import annotations

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from practice.action import action
from practice.audit import Action, record
from practice.models import User
from sessions import note_words, risk_check
from sessions.models import NoteDraftVersion, ProgressNote
from sessions.note_fields import Content

VERSIONS_KEPT = 30
WRITTEN_FOR = Signer(salt="evenkeel.note-visit")


class NoteLocked(Exception):
    """The note is signed; what is to be said about it now is an addendum."""


class NotTheAuthor(Exception):
    """A note is written and signed by its author alone."""


class StaleVersion(Exception):
    """The draft was saved from another window meanwhile. ``note`` is as saved, ``typed`` what this window holds."""

    def __init__(self, note: ProgressNote, typed: Content) -> None:
        super().__init__(f"note {note.pk} is at version {note.version}")
        self.note = note
        self.typed = typed


class NoteGone(Exception):
    """The draft is there no more: it was empty when the attendance of its visit was taken back."""


def save_draft(
    *, by: User, note: ProgressNote, content: Content, version: int, window: str = "", turn: int = 0
) -> ProgressNote:
    """Save the whole typed ``content`` of a draft that its window knew at ``version``.

    The same text again saves nothing. ``window`` names the browser tab that sends: its own earlier save, whose answer
    got lost, is no conflict. ``turn`` counts what it sent, 0 for a page without script: a text that comes after its own
    successor saves nothing either, so the note given back may hold another text. Raises :class:`NotTheAuthor`;
    :class:`NoteLocked` after heeding a risk answer in the typed text; :class:`StaleVersion` after keeping the typed
    text as a clash; :class:`NoteGone`, whose caller shows the text to :func:`risk_check.heed_gone`.
    """
    try:
        try:
            return store_draft(by=by, note=note, content=content, version=version, window=window, turn=turn)
        except StaleVersion:
            keep_clash(by=by, note=note, content=content, version=version, window=window, turn=turn)
            raise
    except NoteLocked:
        risk_check.heed_late(by=by, note=note, content=content)
        raise


@action
def store_draft(
    *, by: User, note: ProgressNote, content: Content, version: int, window: str, turn: int = 0
) -> ProgressNote:
    note = own_draft(by=by, note=note)
    if dict(content) == note.content:
        return note
    if version != note.version:
        if is_overtaken(note, content, window, turn):
            risk_check.heed(by=by, note=note, content=content)
            return note
        if not saved_by_window(note, window):
            raise StaleVersion(note, content)
    now = timezone.now()
    note.content, note.version, note.saved_at = dict(content), note.version + 1, now
    note.save(update_fields=["content", "version", "saved_at"])
    NoteDraftVersion.objects.create(
        note=note, version=note.version, content=note.content, window=window[:40], turn=turn, saved_at=now
    )
    note.draft_versions.filter(is_clash=False, version__lte=note.version - VERSIONS_KEPT).delete()
    record(by=by, action=Action.CHANGE, obj=note, patient=note.patient_id, detail={"version": note.version})
    risk_check.heed(by=by, note=note, content=content)
    return note


def word_of_visit(note: ProgressNote) -> str:
    """For the page of a draft: whose it is and which visit it is about, to be told once the draft is there no more."""
    return WRITTEN_FOR.sign_object([note.pk, note.appointment_id, note.author_id])


def visit_by_word(word: str, *, by: User, note_pk: int) -> int | None:
    """The visit that ``by`` wrote the draft for; None for anybody else, and for what is no word of ours.

    Who has the visit now says nothing: it may have been taken back to be given to a colleague.
    """
    try:
        note, visit, author = WRITTEN_FOR.unsign_object(word)
    except BadSignature:
        return None
    return visit if (note, author) == (note_pk, by.pk) else None


def own_draft(*, by: User, note: ProgressNote) -> ProgressNote:
    """The note, locked and read again, if ``by`` may write in it now.

    Raises :class:`NoteGone`, :class:`NotTheAuthor` and :class:`NoteLocked`.
    """
    rows = ProgressNote.objects.select_for_update(of=("self",)).select_related("patient", "session")
    found = rows.filter(pk=note.pk).first()
    if found is None:
        raise NoteGone
    note = found
    if note.author_id != by.pk:
        raise NotTheAuthor
    if note.is_signed:
        raise NoteLocked
    return note


def saved_by_window(note: ProgressNote, window: str) -> bool:
    newest = note.draft_versions.filter(is_clash=False, version=note.version)
    return bool(window) and newest.filter(window=window[:40]).exists()


def is_overtaken(note: ProgressNote, content: Content, window: str, turn: int) -> bool:
    """Whether this very text of the window is saved or a later one; whoever saved after that knew it."""
    saved = note.draft_versions.filter(is_clash=False, window=window[:40], turn__gt=turn)
    return bool(window) and turn > 0 and (is_known(note, content, window, turn) or saved.exists())


def is_known(note: ProgressNote, content: Content, window: str, turn: int) -> bool:
    """Whether this very text of the window is among the saved versions."""
    saved = note.draft_versions.filter(is_clash=False, window=window[:40], turn=turn, content=dict(content))
    return saved.exists()


@action
def keep_clash(
    *, by: User, note: ProgressNote, content: Content, version: int, window: str, turn: int = 0
) -> NoteDraftVersion:
    """Put the text of a window that came too late beside the note, so that not even a closed window loses it.

    It is told in the form of ``note`` as the caller read it. A risk answer in it is heeded now: the text may wait long
    for its comparison. Raises :class:`NoteLocked` where the note was signed meanwhile.
    """
    told_in, note = note.kind, own_draft(by=by, note=note)
    content = note_words.carried(content, told_in, note.kind)
    later = note.draft_versions.filter(is_clash=True, window=window[:40], turn__gt=turn).first()
    if turn and later:
        risk_check.heed(by=by, note=note, content=content)
        return later
    kept, _created = NoteDraftVersion.objects.update_or_create(
        note=note,
        window=window[:40],
        is_clash=True,
        defaults={"version": version, "content": dict(content), "turn": turn, "saved_at": timezone.now()},
    )
    record(by=by, action=Action.CHANGE, obj=note, patient=note.patient_id, detail={"clash": kept.pk})
    risk_check.heed(by=by, note=note, content=content)
    return kept


@action
def settle(*, by: User, note: ProgressNote, content: Content, version: int, clash: NoteDraftVersion) -> ProgressNote:
    """Save what the author made of two texts, and let the compared one go. Raises as :func:`store_draft` does."""
    note = store_draft(by=by, note=note, content=content, version=version, window="")
    NoteDraftVersion.objects.filter(pk=clash.pk, note=note, is_clash=True).delete()
    return note
