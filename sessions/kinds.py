"""What an attended visit was, as its therapist says it: a counted session, a crisis contact (clinical.md 4.6).

What a choice does to the numbers of the course is told before it is saved. A draft takes the form of what the visit
was, and loses no word by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice import attending
from practice.action import action
from practice.models import User
from sessions import drafts, note_words, numbering
from sessions.models import Course, ProgressNote, TherapySession
from sessions.note_fields import Words

Kind = TherapySession.Kind
# A choice: the kind, and whether it consumes a number.
CHOICES: dict[str, tuple[str, bool]] = {
    "session": (Kind.SESSION, True),
    "joint_counted": (Kind.FAMILY, True),
    "joint": (Kind.FAMILY, False),
    "crisis": (Kind.CRISIS, False),
    "booster": (Kind.BOOSTER, False),
    "short": (Kind.SHORT, False),
}
LABELS: dict[str, Words] = {
    "session": gettext_lazy("A counted session"),
    "joint_counted": gettext_lazy("A joint session that counts"),
    "joint": gettext_lazy("A joint session that does not count"),
    "crisis": gettext_lazy("A crisis contact"),
    "booster": gettext_lazy("A booster after the planned sessions"),
    "short": gettext_lazy("A short contact, under 16 minutes"),
}


def choice_of(session: TherapySession) -> str:
    """The choice that says what a session is now."""
    is_now = (session.kind, session.counts)
    return next((choice for choice, meant in CHOICES.items() if meant == is_now), "")


# -- What a choice would do ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Outlook:
    """``moved``: numbers of unsigned sessions before and after. ``kept``: signed ones that then stand out of order.

    ``beyond`` is how many sessions were planned where the number lies past them.
    """

    number: int | None = None
    label: str = ""
    has_course: bool = True
    moved: Sequence[tuple[int, int]] = ()
    kept: Sequence[int] = ()
    beyond: int | None = None


def outlooks(session: TherapySession) -> dict[str, Outlook]:
    """What each choice would do, worked out without saving; one query for a course."""
    siblings: dict[int, list[TherapySession]] = {}
    found = {}
    for choice, (kind, counts) in CHOICES.items():
        course = numbering.course_of(session, kind)
        if course is not None and course.pk not in siblings:
            siblings[course.pk] = list(course.sessions.exclude(pk=session.pk))
        found[choice] = foresee(session, course, siblings[course.pk] if course else [], kind, counts)
    return found


def foresee(
    session: TherapySession, course: Course | None, siblings: Sequence[TherapySession], kind: str, counts: bool
) -> Outlook:
    """What becomes of ``session`` as a contact of that kind, and of the numbers of its ``siblings``."""
    if course is None:
        return Outlook(has_course=False)
    it = copy(session)
    it.number = None
    others = [copy(row) for row in siblings if row.counts]
    had = {row.pk: row.number for row in others}
    rows = sorted([*others, it] if counts else others, key=lambda row: (row.starts_at, row.pk))
    numbering.assign_numbers(rows)
    moves = [(had[row.pk], row.number) for row in rows if row is not it]
    return Outlook(
        number=it.number,
        label=numbering.next_label(kind, [row.label for row in siblings if row.kind == kind]),
        moved=[(before, after) for before, after in moves if before and after and before != after],
        kept=[row.number or 0 for place, row in enumerate(rows, 1) if row.signed_at and row.number != place],
        beyond=course.planned_sessions if (it.number or 0) > (course.planned_sessions or 0) else None,
    )


def words_of(outlook: Outlook) -> str:
    """What a choice would do, in sentences: "It becomes session 4. Sessions not signed move: 5 becomes 4." """
    if outlook.number:
        said = [_("It is session %(number)s.") % {"number": outlook.number}]
    elif outlook.label:
        said = [_("It is called %(label)s and takes no number.") % {"label": outlook.label}]
    else:
        said = [_("It takes no number.")]
    if not outlook.has_course:
        said = [_("Its place is settled when a course is opened.")]
    if outlook.moved:
        moves = ", ".join(_("%(before)s becomes %(after)s") % {"before": b, "after": a} for b, a in outlook.moved)
        said.append(_("Sessions not signed yet move: %(moves)s.") % {"moves": moves})
    if outlook.kept:
        numbers = ", ".join(str(number) for number in outlook.kept)
        said.append(_("Signed sessions keep their number, with a remark: %(numbers)s.") % {"numbers": numbers})
    if outlook.beyond:
        said.append(
            _("That is past the %(planned)s planned; the reason for going on is asked for with the signature.")
            % {"planned": outlook.beyond}
        )
    return " ".join(said)


# -- Saying it -------------------------------------------------------------------------------------------------------
@action
def say_kind(*, by: User, session: TherapySession, choice: str, as_seen: str = "") -> TherapySession:
    """Record what an attended visit was, bring the numbers in order, and give its draft the form that goes with it.

    ``as_seen``: see :func:`numbering.set_kind`, which also names what is raised.
    """
    attending.hold_still(session.appointment)  # as everything that follows from a visit, so that nobody waits in a ring
    # The note before the session, as signing does, so that the two wait for each other.
    note = ProgressNote.objects.select_for_update().filter(session=session).first()
    kind, counts = CHOICES[choice]
    session = numbering.set_kind(by=by, session=session, kind=kind, counts=counts, as_seen=as_seen)
    form = ProgressNote.Kind.SHORT if kind == Kind.SHORT else ProgressNote.Kind.SESSION
    if note is not None and note.kind != form:
        take_form(by=by, note=note, form=form)
    return session


def take_form(*, by: User, note: ProgressNote, form: str) -> None:
    """Give a locked draft, and the texts of other windows beside it, another form.

    Even an empty draft gets a new version, which no window knows that was opened before.
    """
    before, note.kind, note.version = note.kind, form, note.version + 1
    note.save(update_fields=["kind", "version"])
    for clash in note.draft_versions.filter(is_clash=True):
        clash.content = note_words.carried(clash.content, before, form)
        clash.save(update_fields=["content"])
    content = note_words.carried(note.content, before, form)
    drafts.store_draft(by=by, note=note, content=content, version=note.version, window="")
