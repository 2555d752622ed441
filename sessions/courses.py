"""Rules of a course: what comes of a free talk, how a course opens, and how its state moves (clinical.md 4.4, 4.5).

Every move is an action of its own: locked, with its guard, written down as a :class:`CourseMove`, audited by state
names only. Ending states stay shut while an alert of tier R0 to R2 is open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.models import RiskAlert, Tier
from practice import care
from practice.action import action
from practice.audit import Action, record
from practice.models import Appointment, AppointmentType, ConsentRecord, Patient, Therapist, User
from practice.models.consent import ConsentType, Decision
from practice.roles import Role
from practice.zone import today_in
from sessions import numbering, plan
from sessions.models import RUNNING, TERMINAL, ConsultationOutcome, Course, CourseMove, CoursePlanItem, State
from sessions.models.course import TherapySession

FROM: dict[str, frozenset[str]] = {
    State.INTAKE: frozenset({State.REFERRED, State.CONSULTATION}),
    State.WAITING: frozenset({State.INTAKE}),
    State.ACTIVE: frozenset({State.INTAKE, State.WAITING, State.PAUSED}),
    State.PAUSED: frozenset({State.ACTIVE}),
    State.COMPLETED: frozenset({State.ACTIVE}),
    State.DROPPED_OUT: frozenset({State.INTAKE, State.ACTIVE, State.PAUSED}),
    State.REFERRED_ON: frozenset({State.REFERRED, State.INTAKE, State.ACTIVE, State.PAUSED}),
    State.NOT_PROCEEDING: frozenset({State.REFERRED, State.CONSULTATION, State.INTAKE, State.WAITING}),
    State.CLOSED_ADMIN: frozenset(State) - frozenset(TERMINAL),
}
BLOCKING_TIERS = (Tier.R0, Tier.R1, Tier.R2)
LONGEST_WAIT = dt.timedelta(days=30)
LONGEST_PAUSE = dt.timedelta(days=90)
# clinical.md 4.5: below six attended sessions a course cannot be completed.
FEWEST_SESSIONS = 6

# What must be decided before treatment begins, and the sentence that says it is missing (clinical.md 3.4).
REQUIRED_CONSENTS = {
    ConsentType.TREATMENT: (
        frozenset({Decision.GIVEN}),
        _("The consent to treatment has not been given yet."),
    ),
    ConsentType.NPP_ACK: (
        frozenset({Decision.GIVEN, Decision.REFUSED}),
        _("The privacy notice has not been acknowledged yet, and no refusal is recorded."),
    ),
    ConsentType.FINANCIAL: (
        frozenset({Decision.GIVEN}),
        _("The fees and the missed-session rule have not been accepted yet."),
    ),
}


class CourseRefused(Exception):
    """A move that the state of the course or of the person does not allow; ``str()`` is the sentence for the page."""


class WrongState(CourseRefused):
    """The course is not in a state from which this move starts."""


class CourseRunning(CourseRefused):
    """The patient has a running course with this therapist."""


class ConsentsMissing(CourseRefused):
    """Consents that treatment needs are not there; ``missing`` are their sentences."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(" ".join(missing))
        self.missing = missing


class AlertOpen(CourseRefused):
    """An alert of tier R0 to R2 is open; it is resolved or handed over first."""


class FactsMissing(CourseRefused):
    """The new state asks for something that was not given."""


class ReasonMissing(FactsMissing):
    """The course goes on past its planned sessions, and nobody has said why."""


class OutcomeRecorded(CourseRefused):
    """The outcome of this talk is recorded; it is not written twice."""


class NotAConsultation(CourseRefused):
    """Only a free talk that took place has an outcome."""


class NotTheirCourse(CourseRefused):
    """A course belongs to a licensed therapist or a trainee; only the practice manager closes one for the practice."""


# -- The free talk ---------------------------------------------------------------------------------------------------
@action
def record_outcome(*, by: User, appointment: Appointment, outcome: str, note: str = "") -> ConsultationOutcome:
    """Record what came of a free talk. ``book_intake`` begins a course in state ``intake`` unless one is running.

    Raises :class:`NotAConsultation` and :class:`OutcomeRecorded`.
    """
    appointment = Appointment.objects.select_for_update(of=("self",)).select_related("type").get(pk=appointment.pk)
    if appointment.type.code != AppointmentType.Code.CONSULT_FREE or appointment.status not in numbering.HAPPENED:
        raise NotAConsultation(_("Only a free talk that took place has an outcome."))
    if ConsultationOutcome.objects.filter(appointment=appointment).exists():
        raise OutcomeRecorded(_("The outcome of this talk is recorded already."))
    found = ConsultationOutcome.objects.create(
        appointment=appointment, patient=appointment.patient, outcome=outcome, note=note.strip(), recorded_by=by
    )
    record(by=by, action=Action.CREATE, obj=found, patient=appointment.patient)
    if outcome == ConsultationOutcome.Outcome.BOOK_INTAKE:
        begin_intake(by=by, patient=appointment.patient, therapist=appointment.therapist, source="free talk")
    return found


@action
def begin_intake(*, by: User, patient: Patient, therapist: Therapist, source: str = "") -> Course:
    """A course in state ``intake`` for this pair: the one that runs already, or a new one."""
    lock_patient(patient)
    course = running_course(patient, therapist)
    if course is None:
        course = Course.objects.create(
            patient=patient, therapist=therapist, state=State.INTAKE, referral_source=source, opened_at=timezone.now()
        )
        note_move(by=by, course=course, before="", reason="")
    return course


# -- Opening ---------------------------------------------------------------------------------------------------------
def missing_consents(patient: Patient) -> list[str]:
    """One sentence for every consent that treatment needs and that is not in force; empty when all are there."""
    latest = dict(ConsentRecord.objects.latest_by_type(patient).values_list("type", "decision"))
    return [str(words) for kind, (enough, words) in REQUIRED_CONSENTS.items() if latest.get(kind) not in enough]


def running_course(patient: Patient, therapist: Therapist) -> Course | None:
    return Course.objects.filter(patient=patient, therapist=therapist, state__in=RUNNING).first()


@action
def open_course(
    *, by: User, patient: Patient, therapist: Therapist, template: str, reason: str = "", source: str = ""
) -> Course:
    """Begin treatment by a template: the running intake of this pair becomes ``active``, or a new course does.

    Lays the plan out, makes the person a patient under the therapist's care, and takes up sessions that were attended
    before the course was opened. Raises :class:`ConsentsMissing`, :class:`CourseRunning`, :class:`NotTheirCourse`.
    """
    chosen = plan.templates()[template]
    lock_patient(patient)
    if missing := missing_consents(patient):
        raise ConsentsMissing(missing)
    if not therapist.user.roles & {Role.THERAPIST, Role.TRAINEE}:
        raise NotTheirCourse(_("A course is given by a therapist."))
    course = running_course(patient, therapist)
    if course is not None and course.state not in FROM[State.ACTIVE] - {State.PAUSED}:
        raise CourseRunning(_("A course with this therapist is running already."))
    now = timezone.now()
    before = course.state if course else ""
    if course is None:
        earlier = Course.objects.filter(patient=patient, therapist=therapist).order_by("-opened_at", "-pk").first()
        course = Course(
            patient=patient, therapist=therapist, referral_source=source, previous_course=earlier, opened_at=now
        )
    course.state, course.started_at = State.ACTIVE, now
    course.template, course.planned_sessions = template, len(chosen.sessions)
    course.save()
    lay_out(course, chosen)
    take_into_care(by=by, course=course)
    note_move(by=by, course=course, before=before, reason=reason)
    numbering.adopt(by=by, course=course)
    return course


def lay_out(course: Course, template: plan.Template) -> None:
    """Write the plan of a course anew; positions that were delivered stay as they are (clinical.md 4.4)."""
    kept = set(course.plan.filter(delivered_in__isnull=False).values_list("position", flat=True))
    course.plan.exclude(position__in=kept).delete()
    CoursePlanItem.objects.bulk_create(
        CoursePlanItem(course=course, position=row.position, modules=list(row.modules), is_review=row.is_review)
        for row in template.sessions
        if row.position not in kept
    )


@action
def change_template(*, by: User, course: Course, template: str, reason: str) -> Course:
    """Re-plan what is still to come by another template; delivered positions stay. Raises :class:`WrongState`."""
    course = locked(course)
    if course.state not in (State.ACTIVE, State.PAUSED):
        raise WrongState(_("Only a running course can be planned anew."))
    require(reason, _("Say why the plan changes."))
    chosen = plan.templates()[template]
    course.template, course.planned_sessions = template, len(chosen.sessions)
    course.extension_reason = ""  # it was about the former plan; past the new one it is asked for again
    course.save(update_fields=["template", "planned_sessions", "extension_reason"])
    lay_out(course, chosen)
    note_move(by=by, course=course, before=course.state, reason=reason, facts={"template": template})
    return course


def is_past_plan(course: Course, number: int | None) -> bool:
    """Whether a session with that number lies past the planned ones."""
    return number is not None and course.planned_sessions is not None and number > course.planned_sessions


def goes_past_plan(course: Course, sessions: Iterable[TherapySession]) -> bool:
    """Whether one of its sessions, given in order of time, lies past the planned ones, or the one that comes next."""
    rows = list(sessions)
    return is_past_plan(course, max([numbering.next_number(rows), *(row.number or 0 for row in rows)]))


def wants_reason(course: Course, number: int | None) -> bool:
    """Whether going on to a session with that number still needs its reason (clinical.md 4.6)."""
    return is_past_plan(course, number) and not course.extension_reason


@action
def extend(*, by: User, course: Course, reason: str) -> Course:
    """Say why a course goes on past its planned sessions; the last word counts, the course keeps every one.

    Raises :class:`ReasonMissing`, and :class:`WrongState` while planned sessions are still to come.
    """
    course = locked(course)
    if not reason.strip():
        raise ReasonMissing(_("Say why the course goes on."))
    if not goes_past_plan(course, numbering.counted(course)):
        raise WrongState(_("The plan still has sessions to come."))
    course.extension_reason = reason.strip()
    course.save(update_fields=["extension_reason"])
    facts = {"extended_past": course.planned_sessions}
    note_move(by=by, course=course, before=course.state, reason=reason, facts=facts)
    return course


def take_into_care(*, by: User, course: Course) -> None:
    """Acceptance makes a prospect a patient and the therapist the treating clinician (architecture.md 4)."""
    if course.patient.status != Patient.Status.PATIENT:
        course.patient.status = Patient.Status.PATIENT
        course.patient.save(update_fields=["status"])
    care.begin(by=by, patient=course.patient, clinician=course.therapist.user, reason="accepted into a course")


# -- Moving ----------------------------------------------------------------------------------------------------------
@action
def wait(*, by: User, course: Course, reason: str, next_contact_on: dt.date) -> Course:
    """Accepted, but no place yet. Asks for a reason and a next contact within 30 days."""
    require(reason, _("Say what the person waits for."))
    if next_contact_on > today_of(course) + LONGEST_WAIT:
        raise FactsMissing(_("The next contact is due within 30 days."))
    facts = {"next_contact_on": next_contact_on.isoformat()}
    return move(by=by, course=course, to=State.WAITING, reason=reason, facts=facts)


@action
def pause(
    *, by: User, course: Course, reason: str, expected_back_on: dt.date, risk_note: str, contact_plan: str
) -> Course:
    """A planned break of at most 90 days, with a word about risk and how to stay in touch."""
    for value, words in (
        (reason, _("Say why the course pauses.")),
        (risk_note, _("Say what you know about risk during the pause.")),
        (contact_plan, _("Say how you stay in touch.")),
    ):
        require(value, words)
    if expected_back_on > today_of(course) + LONGEST_PAUSE:
        raise FactsMissing(_("A pause lasts at most 90 days."))
    facts = {
        "expected_back_on": expected_back_on.isoformat(),
        "risk_note": risk_note.strip(),
        "contact_plan": contact_plan.strip(),
    }
    return move(by=by, course=course, to=State.PAUSED, reason=reason, facts=facts)


@action
def resume(*, by: User, course: Course) -> Course:
    """Go on after a pause."""
    if course.state != State.PAUSED:
        raise WrongState(_("Only a paused course can go on."))
    return move(by=by, course=course, to=State.ACTIVE, reason="")


@action
def complete(*, by: User, course: Course, reason: str, goals_met: bool = False) -> Course:
    """The planned ending: the END module was delivered, or goals were met early; at least six attended sessions.

    End measures and the staying-well plan join this guard when they exist in the software.
    """
    attended = numbering.counted(course).count()
    ended = course.plan.filter(modules__contains=[plan.ENDING], delivered_in__isnull=False).exists()
    if attended < FEWEST_SESSIONS or not (ended or goals_met):
        raise FactsMissing(
            _("A course is completed after the last planned session, or when goals are met after six sessions or more.")
        )
    return move(by=by, course=course, to=State.COMPLETED, reason=reason, facts={"goals_met": goals_met})


@action
def drop_out(*, by: User, course: Course, reason: str, closing_letter_sent: bool) -> Course:
    """Ended without a planned ending. A person says so; no rule ever does."""
    require(reason, _("Say what was tried."))
    if not closing_letter_sent:
        raise FactsMissing(_("A closing letter is sent first."))
    return move(by=by, course=course, to=State.DROPPED_OUT, reason=reason)


@action
def refer_on(*, by: User, course: Course, to_whom: str, reason: str, hand_over: str) -> Course:
    """Moved to other care. ``hand_over`` is "sent" or "refused"."""
    require(to_whom, _("Say to whom."))
    require(reason, _("Say why."))
    if hand_over not in ("sent", "refused"):
        raise FactsMissing(_("Say whether the hand-over was sent or refused."))
    facts = {"to_whom": to_whom.strip(), "hand_over": hand_over}
    return move(by=by, course=course, to=State.REFERRED_ON, reason=reason, facts=facts)


@action
def do_not_proceed(*, by: User, course: Course, reason: str) -> Course:
    """The patient or the practice decided not to start."""
    require(reason, _("Say why the course does not start."))
    return move(by=by, course=course, to=State.NOT_PROCEEDING, reason=reason)


@action
def close_for_practice(*, by: User, course: Course, reason: str) -> Course:
    """Death, duplicate or error; the practice manager only."""
    require(reason, _("Say why the practice closes it."))
    if Role.MANAGER not in by.roles:
        raise NotTheirCourse(_("Only the practice manager closes a course for the practice."))
    return move(by=by, course=course, to=State.CLOSED_ADMIN, reason=reason)


def move(*, by: User, course: Course, to: State, reason: str, facts: dict[str, Any] | None = None) -> Course:
    """Take a course from where it is to ``to``; called inside an action that has looked at the guard of ``to``."""
    course = locked(course)
    if course.state not in FROM[to]:
        raise WrongState(
            _("A course that is “%(now)s” does not become “%(then)s”.")
            % {"now": State(course.state).label, "then": to.label}
        )
    if to in TERMINAL and RiskAlert.objects.open().filter(patient=course.patient, tier__in=BLOCKING_TIERS).exists():
        raise AlertOpen(_("A safety alert is open. It is answered or handed over before the course ends."))
    before, course.state = course.state, to
    if to in TERMINAL:
        course.ended_at = timezone.now()
    course.save(update_fields=["state", "ended_at"])
    note_move(by=by, course=course, before=before, reason=reason, facts=facts)
    return course


def note_move(*, by: User, course: Course, before: str, reason: str, facts: dict[str, Any] | None = None) -> None:
    """The reason rests on the move, which only clinicians on the case read; the audit names the states."""
    CourseMove.objects.create(
        course=course,
        from_state=before,
        to_state=course.state,
        reason=reason.strip(),
        facts=facts or {},
        moved_by=by,
        moved_at=timezone.now(),
    )
    detail = {"from": before, "to": course.state}
    record(by=by, action=Action.CHANGE, obj=course, patient=course.patient_id, detail=detail)


def today_of(course: Course) -> dt.date:
    """The date on the calendar of the course's therapist, who names the days of a wait and of a pause."""
    return today_in(course.therapist.user.time_zone)


def require(value: str, words: Any) -> None:
    if not value.strip():
        raise FactsMissing(words)


def locked(course: Course) -> Course:
    rows = Course.objects.select_for_update(of=("self",)).select_related("patient", "therapist__user")
    return rows.get(pk=course.pk)


def lock_patient(patient: Patient) -> None:
    """One opening at a time per patient, so that two windows cannot both find no running course."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
