"""A course of treatment: how it came about, its states, its plan, and the attended sessions (clinical.md 4)."""

from __future__ import annotations

from typing import TypeVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Deferrable, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models import Appointment, Patient, Therapist, User

M = TypeVar("M", bound=models.Model)
TEMPLATES = [("10", _("10 sessions")), ("12", _("12 sessions")), ("16", _("16 sessions")), ("20", _("20 sessions"))]


class OfPatientQuerySet(models.QuerySet[M]):
    """Rows with a ``patient``: clinicians see those of their patients, a patient the own; nobody else any."""

    def visible_to(self, user: User) -> OfPatientQuerySet[M]:
        return self.filter(patient__in=Patient.objects.visible_to(user))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ConsultationOutcome(models.Model):
    """What came of a free talk (clinical.md 1.3 F31). The talk itself is not treatment and leaves no clinical note."""

    class Outcome(models.TextChoices):
        BOOK_INTAKE = "book_intake", _("Goes on to intake")
        THINK = "think", _("Wants to think about it")
        REFER_ON = "refer_on", _("Better cared for elsewhere")
        NOT_SUITABLE = "not_suitable", _("Not suitable now")

    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="consultation_outcome")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consultation_outcomes")
    outcome = models.CharField(max_length=12, choices=Outcome)
    note = models.TextField(_("note"), blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = OfPatientQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.appointment_id} {self.outcome}"


class State(models.TextChoices):
    """States of a course (clinical.md 4.5)."""

    REFERRED = "referred", _("Referred")
    CONSULTATION = "consultation", _("Free talk")
    INTAKE = "intake", _("Intake")
    WAITING = "waiting", _("Waiting for a place")
    ACTIVE = "active", _("Running")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    DROPPED_OUT = "dropped_out", _("Ended without a planned ending")
    REFERRED_ON = "referred_on", _("Moved to other care")
    NOT_PROCEEDING = "not_proceeding", _("Not started")
    CLOSED_ADMIN = "closed_admin", _("Closed by the practice")


RUNNING = (State.INTAKE, State.WAITING, State.ACTIVE, State.PAUSED)
TREATING = (State.ACTIVE, State.PAUSED)
TERMINAL = (State.COMPLETED, State.DROPPED_OUT, State.REFERRED_ON, State.NOT_PROCEEDING, State.CLOSED_ADMIN)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Course(models.Model):
    """One patient's treatment with one therapist, from referral to its end. Its state moves by sessions/courses.py."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="courses")
    state = models.CharField(max_length=15, choices=State, default=State.REFERRED)
    template = models.CharField(max_length=4, choices=TEMPLATES, blank=True)
    planned_sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    referral_source = models.CharField(max_length=100, blank=True)
    extension_reason = models.CharField(max_length=200, blank=True)
    previous_course = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="later_courses")
    opened_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-opened_at"], name="course_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "therapist"], condition=Q(state__in=RUNNING), name="course_one_running_per_pair"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[*TREATING, State.COMPLETED])
                | (~Q(template="") & Q(planned_sessions__isnull=False, started_at__isnull=False)),
                name="course_treats_by_a_template",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TERMINAL, ended_at__isnull=False)
                | (~Q(state__in=TERMINAL) & Q(ended_at__isnull=True)),
                name="course_ended_when_terminal",
            ),
        ]

    def __str__(self) -> str:
        return f"course {self.pk} {self.state}"

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_treating(self) -> bool:
        return self.state in TREATING


class CourseMove(models.Model):
    """One change of a course's state: who, when, from, to, why, and the facts the new state asks for. Append-only."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="moves")
    from_state = models.CharField(max_length=15, choices=State, blank=True)
    to_state = models.CharField(max_length=15, choices=State)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict, blank=True)
    moved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["course", "moved_at"], name="course_moves_in_order")]

    def __str__(self) -> str:
        return f"{self.course_id} {self.from_state} to {self.to_state}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class CoursePlanItem(models.Model):
    """One planned position of a course and the modules meant for it. The position is not the session number."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="plan")
    position = models.PositiveSmallIntegerField()
    modules = ArrayField(models.CharField(max_length=10))
    is_review = models.BooleanField(default=False)
    delivered_in = models.ForeignKey(
        "TherapySession", models.SET_NULL, null=True, blank=True, related_name="delivered_items"
    )

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["course", "position"], name="course_plan_position_once")]

    def __str__(self) -> str:
        return f"{self.position}: {' '.join(self.modules)}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class TherapySession(models.Model):
    """One attended clinical appointment (clinical.md 4.6). Only counted ones have a ``number``.

    ``label`` names what is not counted ("B1", "X1"). ``position`` is the planned position it works on. ``signed_at`` is
    set with the note's signature; from then on a trigger refuses every change.
    """

    class Kind(models.TextChoices):
        SESSION = "session", _("Session")
        SHORT = "short", _("Short contact")
        BOOSTER = "booster", _("Booster")
        CRISIS = "crisis", _("Crisis contact")
        FAMILY = "family", _("Joint session")

    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="therapy_session")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="sessions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="therapy_sessions")
    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="therapy_sessions")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SESSION)
    counts = models.BooleanField(default=True)
    starts_at = models.DateTimeField()
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    label = models.CharField(max_length=6, blank=True)
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-starts_at"], name="therapy_session_of_patient")]
        constraints = [
            # Checked at the end of a statement, so that renumbering is one UPDATE.
            models.UniqueConstraint(
                fields=["course", "number"], name="therapy_session_number_once", deferrable=Deferrable.IMMEDIATE
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(counts=True, course__isnull=False, number__gte=1),
                name="therapy_session_numbered_if_it_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"
