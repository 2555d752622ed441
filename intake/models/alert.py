"""Risk alerts, what set them off and what was done about them (clinical.md 7.3, 7.4).

Never deleted, never closed by the software. What set an alert off, who was told, what was tried and what a clinician
found are rows that only grow; triggers of the database hold both.
"""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.models.measure import MeasureResponse
from practice.models import CareAssignment, Patient, User
from practice.roles import CLINICIANS


class Tier(models.TextChoices):
    """How soon a clinician must look. Numbers sort by urgency."""

    R0 = "R0", _("Immediate")
    R1 = "R1", _("Same day")
    R2 = "R2", _("Next business day")
    R3 = "R3", _("Within 3 business days")
    R4 = "R4", _("Next review")


class AlertState(models.TextChoices):
    OPEN = "open", _("New")
    ACKNOWLEDGED = "acknowledged", _("Seen")
    CONTACTING = "contacting", _("Trying to reach")
    ASSESSED = "assessed", _("Assessed")
    CLOSED = "closed", _("Closed")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class RiskResponder(models.Model):
    """A clinician who answers risk alerts beside the treating therapist. Two of them, or no risk question is asked."""

    user = models.OneToOneField(User, models.PROTECT, related_name="risk_responder")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"responder {self.user_id}"


class RiskAlertQuerySet(models.QuerySet["RiskAlert"]):
    def visible_to(self, user: User) -> RiskAlertQuerySet:
        """Alerts of people in ``user``'s care, and those ``user`` was named to answer; clinicians only."""
        if not user.roles & CLINICIANS:
            return self.none()
        cared_for = CareAssignment.objects.running().filter(clinician=user).values("patient")
        named = AlertResponder.objects.filter(user=user).values("alert")
        return self.filter(Q(patient__in=cared_for) | Q(pk__in=named))

    def open(self) -> RiskAlertQuerySet:
        """Not closed yet, whatever has been done about them."""
        return self.exclude(state=AlertState.CLOSED)

    def by_due(self) -> RiskAlertQuerySet:
        """What must be looked at first comes first; those without a time of their own last.

        Danger now stands before everything: shortly before closing an R1 is due earlier than an R0.
        """
        danger_first = Case(When(tier=Tier.R0, then=0), default=1)
        return self.order_by(danger_first, F("due_at").asc(nulls_last=True), "tier", "opened_at", "pk")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class RiskAlert(models.Model):
    """One matter of one tier about one person. New triggers join the open alert of their tier."""

    class Outcome(models.TextChoices):
        SAFE_PLAN = "safe_plan", _("Assessed, plan agreed")
        MORE_CONTACT = "more_contact", _("Assessed, more contact arranged")
        REFERRED = "referred", _("Handed to other care")
        EMERGENCY = "emergency", _("Emergency hand-over")
        NOT_REACHED = "not_reached", _("Not reached, plan recorded")
        NO_RISK_FOUND = "no_risk_found", _("Looked into, no risk found")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="risk_alerts")
    tier = models.CharField(max_length=2, choices=Tier)
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    closing_words = models.TextField(blank=True)
    closing_signature = models.CharField(max_length=200, blank=True)

    objects = RiskAlertQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(F("due_at").asc(nulls_last=True), condition=~Q(state="closed"), name="alert_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "tier"], condition=~Q(state="closed"), name="alert_one_open_per_tier"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(acknowledged_at__isnull=False), name="alert_seen_before_the_rest"
            ),
            models.CheckConstraint(
                condition=Q(
                    closed_at__isnull=True, closed_by__isnull=True, outcome="", closing_words="", closing_signature=""
                )
                & ~Q(state="closed")
                | Q(state="closed", closed_at__isnull=False, closed_by__isnull=False)
                & ~Q(outcome="")
                & ~Q(closing_words="")
                & ~Q(closing_signature=""),
                name="alert_closed_by_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state != AlertState.CLOSED


class AlertResponder(models.Model):
    """Who was told about an alert, and as what."""

    class Part(models.TextChoices):
        TREATING = "treating", _("Treating therapist")
        SECOND = "second", _("Second responder")

    alert = models.ForeignKey(RiskAlert, models.PROTECT, related_name="responders")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    part = models.CharField(max_length=10, choices=Part)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "user"], name="alert_responder_once")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.alert_id}"


class RiskTrigger(models.Model):
    """One fact that set an alert off or bears on it. A later correction of the answer is a row of its own here."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("An answer")
        NOT_ANSWERED = "not_answered", _("A question was not answered")
        SCORE = "score", _("A score")
        RISE = "rise", _("A score that went up")
        CORRECTION = "correction", _("The answer was corrected")
        HELP_NOW = "help_now", _("“I need help now” was pressed")
        SAFE_FOR_NOW = "safe_for_now", _("“I am safe for now” was pressed")
        NO_EMERGENCY_CONTACT = "no_emergency_contact", _("No emergency contact")
        CLINICIAN = "clinician", _("Marked by a clinician")

    alert = models.ForeignKey(RiskAlert, models.PROTECT, related_name="triggers")
    kind = models.CharField(max_length=20, choices=Kind)
    response = models.ForeignKey(MeasureResponse, models.PROTECT, null=True, blank=True, related_name="+")
    rule = models.CharField(max_length=100, blank=True)
    link_id = models.CharField(max_length=40, blank=True)
    value = models.SmallIntegerField(null=True, blank=True)
    previous_value = models.SmallIntegerField(null=True, blank=True)
    words = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["response"], name="trigger_of_response")]

    def __str__(self) -> str:
        return f"trigger {self.pk}"


class AlertAttempt(models.Model):
    """One try to reach the person."""

    class Way(models.TextChoices):
        PHONE = "phone", _("Phone")
        VIDEO = "video", _("Video")
        IN_PERSON = "in_person", _("In person")
        OTHER = "other", _("Another way")

    alert = models.ForeignKey(RiskAlert, models.PROTECT, related_name="attempts")
    way = models.CharField(max_length=10, choices=Way)
    reached = models.BooleanField()
    left_message = models.BooleanField(default=False)
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reached=False) | Q(left_message=False), name="attempt_reached_or_left_message"
            )
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class RiskAssessmentQuerySet(models.QuerySet["RiskAssessment"]):
    def visible_to(self, user: User) -> RiskAssessmentQuerySet:
        """Those of people in ``user``'s care and of alerts ``user`` was named to answer; clinicians only."""
        if not user.roles & CLINICIANS:
            return self.none()
        cared_for = CareAssignment.objects.running().filter(clinician=user).values("patient")
        named = AlertResponder.objects.filter(user=user).values("alert")
        return self.filter(Q(patient__in=cared_for) | Q(alert__in=named))


class RiskAssessment(models.Model):
    """A clinician's structured assessment (clinical.md 7.4). ``judgement`` is chosen by the clinician, never computed.

    Made for an alert, from a session note, or both. It is never edited; what changes is a new assessment.
    """

    class Ideation(models.TextChoices):
        NONE = "none", _("None")
        PASSIVE = "passive", _("Passive: wishes not to be alive")
        ACTIVE = "active", _("Active: thoughts of ending life")
        NOT_ASKED = "not_asked", _("Could not be asked")

    class Frequency(models.TextChoices):
        NONE = "none", _("None")
        RARELY = "rarely", _("Rarely")
        WEEKLY = "weekly", _("Some days a week")
        DAILY = "daily", _("Every day")
        CONSTANT = "constant", _("Most of the time")

    class YesNo(models.TextChoices):
        NO = "no", _("No")
        YES = "yes", _("Yes")
        UNCLEAR = "unclear", _("Unclear")

    class Judgement(models.TextChoices):
        LOW = "low", _("Low")
        MODERATE = "moderate", _("Moderate")
        HIGH = "high", _("High")
        IMMINENT = "imminent", _("Imminent")

    class Step(models.TextChoices):
        SAFETY_PLAN = "safety_plan", _("Safety plan made or reviewed")
        MEANS_SAFETY = "means_safety", _("Talk about safer surroundings")
        MORE_CONTACT = "more_contact", _("More contact")
        REFER = "refer", _("Refer on")
        EMERGENCY = "emergency", _("Emergency hand-over")
        NONE = "none", _("None needed now")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="risk_assessments")
    alert = models.ForeignKey(RiskAlert, models.PROTECT, null=True, blank=True, related_name="assessments")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ideation = models.CharField(_("suicidal thoughts"), max_length=10, choices=Ideation)
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency, blank=True)
    plan = models.CharField(_("plan"), max_length=10, choices=YesNo)
    intent = models.CharField(_("intent"), max_length=10, choices=YesNo)
    means_access = models.CharField(_("access to means"), max_length=10, choices=YesNo)
    past_attempts = models.CharField(_("past attempts"), max_length=10, choices=YesNo)
    harm_to_others = models.CharField(_("thoughts of harming others"), max_length=10, choices=YesNo)
    details = models.TextField(_("what was said"), blank=True)
    protective_factors = models.TextField(_("what protects"), blank=True)
    substance_use = models.CharField(_("alcohol and other substances"), max_length=300, blank=True)
    drivers = models.CharField(_("pain and sleep as drivers"), max_length=300, blank=True)
    judgement = models.CharField(_("your judgement"), max_length=10, choices=Judgement)
    steps = ArrayField(models.CharField(max_length=20, choices=Step), verbose_name=_("what was done"))
    consulted = models.CharField(_("consulted with"), max_length=200, blank=True)
    next_contact_on = models.DateField(_("next contact"), null=True, blank=True)

    objects = RiskAssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["patient", "-at"], name="assessment_of_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(next_contact_on__isnull=False) | Q(steps__contains=["emergency"]),
                name="assessment_names_next_contact",
            ),
            models.CheckConstraint(condition=~Q(steps=[]), name="assessment_names_steps"),
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"

    @property
    def step_labels(self) -> list[str]:
        return [str(self.Step(step).label) for step in self.steps]
