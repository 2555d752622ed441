"""Rules of the progress note: its beginning, the signature, addenda (clinical.md 5.1-5.3). Drafts are in drafts.py."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone

from education import articles
from education.models import Article, ArticleAssignment, ArticleVersion
from practice import attending
from practice.action import action
from practice.audit import Action, record
from practice.models import Appointment, Status, User
from practice.roles import CLINICIANS, Role
from sessions import courses, documents, drafts, homework, note_fields, numbering, risk_check
from sessions.models import Addendum, CoursePlanItem, NoteArticle, NoteIntervention, ProgressNote
from sessions.note_completeness import Problem, Surroundings, problems

LATE_AFTER = dt.timedelta(hours=24)
SIMILAR_FROM = 0.9


class Incomplete(Exception):
    """Something is left before signing; ``problems`` says what, in the order of the form."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.key for problem in problems))
        self.problems = problems


class NeedsCosignature(Exception):
    """A trainee's note is signed together with a supervisor, which this version cannot do yet."""


class TooSimilar(Exception):
    """The text is nearly the same as last time's; the author confirms that it is meant so."""


class NotSignedYet(Exception):
    """Only a signed note has addenda; a draft is simply changed."""


class NoVisit(Exception):
    """A contact note belongs to a visit that was missed or cancelled late."""


# -- Beginning -------------------------------------------------------------------------------------------------------
@action
def begin_contact_note(*, by: User, appointment: Appointment) -> ProgressNote:
    """The short note after a missed visit or a late cancellation (clinical.md 4.6). Raises :class:`NoVisit`."""
    if appointment.status not in (Status.NO_SHOW, Status.CANCELLED_LATE) or not appointment.type.is_clinical:
        raise NoVisit
    if appointment.therapist.user != by:
        raise drafts.NotTheAuthor
    how = "no_show" if appointment.status == Status.NO_SHOW else "late_cancel"
    note, created = ProgressNote.objects.get_or_create(
        appointment=appointment,
        defaults={
            "patient": appointment.patient,
            "author": by,
            "kind": ProgressNote.Kind.MISSED,
            "content": {"missed": how},
        },
    )
    if created:
        record(by=by, action=Action.CREATE, obj=note, patient=note.patient_id)
    return note


# -- What a note needs to know ---------------------------------------------------------------------------------------
def surroundings(note: ProgressNote) -> Surroundings:
    """Homework to review, measures at hand, whether the structured risk form is there: what "left" depends on."""
    return Surroundings(
        homework_due=[line.pk for line in homework.due_for(note)],
        has_measures=bool(documents.measure_rows(note)),
        has_risk_form=risk_check.has_form(note),
        has_course=note.session is None or note.session.course_id is not None,
    )


def left(note: ProgressNote, around: Surroundings | None = None) -> list[Problem]:
    """What is left before signing."""
    return problems(note.kind, note.content, around or surroundings(note))


# -- Signing ---------------------------------------------------------------------------------------------------------
@action
def sign(
    *, by: User, note: ProgressNote, version: int, similar_is_meant: bool = False, extension_reason: str = ""
) -> ProgressNote:
    """Sign the draft that its author saw at ``version``; the caller has asked for the password or second factor again.

    Writes the coded parts, counts what was delivered, copies everything the note says into ``document``, and takes its
    hash. From then on the database refuses every change. Raises :class:`NeedsCosignature`, :class:`Incomplete`,
    :class:`TooSimilar`, :class:`drafts.StaleVersion`, what :func:`drafts.own_draft` raises, and
    :class:`courses.ReasonMissing` for a session past the planned ones without ``extension_reason``.
    """
    attending.hold_still(note.appointment)  # before the note, as the undo of an attendance does
    note = drafts.own_draft(by=by, note=note)
    if not may_sign(by):
        raise NeedsCosignature
    if version != note.version or note.draft_versions.filter(is_clash=True).exists():
        raise drafts.StaleVersion(note, note.content)
    around = surroundings(note)
    if found := left(note, around):
        raise Incomplete(found)
    if not similar_is_meant and likeness(note) >= SIMILAR_FROM:
        raise TooSimilar
    now = timezone.now()
    settle_length(by=by, note=note)
    settle_number(by=by, note=note, extension_reason=extension_reason)
    write_parts(note)
    seal(by=by, note=note, now=now)
    if note.session is not None:
        deliver(note)
        note.session.signed_at = now
        note.session.save(update_fields=["signed_at", "position"])
    note.draft_versions.all().delete()
    record(by=by, action=Action.SIGN, obj=note, patient=note.patient_id, detail={"sha256": note.sha256})
    return note


def is_short(note: ProgressNote) -> bool:
    """Whether its times show under 16 minutes, while no later session is signed (clinical.md 4.6)."""
    session, minutes = note.session, note_fields.minutes_of(note.content)
    if session is None or not session.counts or minutes is None or minutes >= numbering.FEWEST_MINUTES:
        return False
    return not session.course.sessions.filter(starts_at__gt=session.starts_at, signed_at__isnull=False).exists()


def settle_length(*, by: User, note: ProgressNote) -> None:
    """A visit that its times show to be short is a contact without a number."""
    if note.session is not None and is_short(note):
        note.session = numbering.set_kind(by=by, session=note.session, kind=note.session.Kind.SHORT)


def settle_number(*, by: User, note: ProgressNote, extension_reason: str) -> None:
    """Hold the number that is signed for, and keep why the course goes on where it lies past the plan."""
    if note.session is None or note.session.course_id is None:
        return
    course = numbering.lock(note.session.course)
    note.session.refresh_from_db(fields=["number", "label"])
    if courses.wants_reason(course, note.session.number):
        courses.extend(by=by, course=course, reason=extension_reason)


def wants_reason(note: ProgressNote) -> bool:
    """Whether the signature asks why the course goes on past its planned sessions."""
    session = note.session
    if session is None or session.course_id is None or not courses.wants_reason(session.course, session.number):
        return False
    return not is_short(note)


def write_parts(note: ProgressNote) -> None:
    minutes = note.content.get("intervention_minutes") or {}
    NoteIntervention.objects.bulk_create(
        NoteIntervention(note=note, code=code, minutes=documents.number(minutes.get(code, "")))
        for code in documents.chosen_interventions(note.content)
    )
    homework.write(note)


def seal(*, by: User, note: ProgressNote, now: dt.datetime) -> None:
    """Fill in the facts of the signature, the document and the hash over both."""
    profile = getattr(by, "therapist", None)
    note.state, note.signed_at, note.signed_by = ProgressNote.State.SIGNED, now, by
    note.credentials = profile.credentials if profile else ""
    note.licence_number = profile.licence_number if profile else ""
    note.template_version = note_fields.TEMPLATE_VERSION
    note.is_late_entry = now - note.appointment.ends_at > LATE_AFTER
    note.document = documents.build(note)
    note.sha256 = documents.digest(note)
    note.save()


def deliver(note: ProgressNote) -> None:
    """Planned positions whose modules have all been delivered by now are done, in this session (clinical.md 5.1)."""
    session = note.session
    if session is None or session.course_id is None:
        return
    now_delivered = set(note.document["modules"])
    if not now_delivered:
        return
    delivered = now_delivered | {
        code
        for earlier in ProgressNote.objects.signed().filter(session__course=session.course_id).exclude(pk=note.pk)
        for code in earlier.document.get("modules", [])
    }
    waiting = list(CoursePlanItem.objects.filter(course=session.course_id, delivered_in__isnull=True))
    touched = [item for item in waiting if now_delivered & set(item.modules)]
    if touched:
        session.position = touched[0].position
    for item in waiting:
        if set(item.modules) <= delivered:
            item.delivered_in = session
            item.save(update_fields=["delivered_in"])


def likeness(note: ProgressNote) -> float:
    """How alike the free text is to that of the patient's last signed note by this author, 0 to 1."""
    last = last_signed(note)
    return documents.likeness(note.content, last.content) if last else 0.0


def last_signed(note: ProgressNote) -> ProgressNote | None:
    """The patient's last signed note of a session before this one."""
    rows = ProgressNote.objects.signed().filter(
        patient=note.patient_id, kind=note.kind, appointment__starts_at__lt=note.appointment.starts_at
    )
    return rows.select_related("session", "appointment").order_by("-appointment__starts_at").first()


# -- Afterwards ------------------------------------------------------------------------------------------------------
@action
def add_addendum(*, by: User, note: ProgressNote, reason: str, text: str, token: uuid.UUID | None = None) -> Addendum:
    """Add to a signed note; signed and locked as it is written, so the caller has asked for the password again.

    ``token`` names the form: sent again it gives the addendum that it made. Raises :class:`NotSignedYet`, and
    :class:`drafts.NotTheAuthor` for anybody but a licensed clinician on the case.
    """
    note = ProgressNote.objects.select_for_update(of=("self",)).select_related("patient").get(pk=note.pk)
    if not note.is_signed:
        raise NotSignedYet
    if known := addendum_of(by=by, note=note, token=token):
        return known
    if not may_sign(by) or not ProgressNote.objects.visible_to(by).filter(pk=note.pk).exists():
        raise drafts.NotTheAuthor
    profile = getattr(by, "therapist", None)
    addendum = Addendum(
        note=note,
        author=by,
        reason=Addendum.Reason(reason),
        text=text,
        token=token,
        signed_at=timezone.now(),
        credentials=profile.credentials if profile else "",
        licence_number=profile.licence_number if profile else "",
    )
    addendum.sha256 = documents.digest_of_addendum(addendum)
    addendum.save()
    record(by=by, action=Action.ADDENDUM, obj=addendum, patient=note.patient_id, detail={"note": note.pk})
    return addendum


def addendum_of(*, by: User, note: ProgressNote, token: uuid.UUID | None) -> Addendum | None:
    """The addendum that a form with this token made, if it made one."""
    return Addendum.objects.filter(note=note, author=by, token=token).first() if token else None


@action
def give_article(*, by: User, note: ProgressNote, article: Article | ArticleVersion, word: str = "") -> NoteArticle:
    """Give the patient an article from the draft of a note; raises what ``education.articles.assign`` raises."""
    note = drafts.own_draft(by=by, note=note)
    assignment: ArticleAssignment = articles.assign(by=by, patient=note.patient, article=article, note=word)
    return NoteArticle.objects.create(note=note, assignment=assignment)


def may_sign(user: User) -> bool:
    """A licensed therapist; a trainee's note waits for co-signature, which this version does not have."""
    return Role.THERAPIST in user.roles


def may_write(user: User, note: ProgressNote) -> bool:
    return note.author_id == user.pk and not note.is_signed and bool(user.roles & CLINICIANS)
