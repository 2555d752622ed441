"""People: accounts, the roles staff hold, patients, therapists, and who cares for whom."""

from __future__ import annotations

import uuid

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from practice.models.zone import ZoneField
from practice.roles import CLINICIANS, SCHEDULERS, STAFF, Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """An account. It signs in by e-mail address; what it may do follows from its patient record and its staff roles."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    time_zone = ZoneField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[Role]:
        """Every role this account holds today; one query a request."""
        held = {Role(role) for role in self.staff_roles.values_list("role", flat=True)}
        if not held and Patient.objects.filter(user=self).exists():
            held = {Role.PATIENT}
        return frozenset(held)

    @property
    def is_staff_member(self) -> bool:
        return bool(self.roles & STAFF)

    @property
    def is_scheduler(self) -> bool:
        """May see and change the schedule of everybody, not only the own calendar."""
        return bool(self.roles & SCHEDULERS)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), append_only=True)
class StaffRole(models.Model):
    """One role held by one member of staff; a person may hold several and the union decides."""

    user = models.ForeignKey(User, models.CASCADE, related_name="staff_roles")
    role = models.CharField(max_length=20, choices=[(r.value, r.label) for r in Role if r in STAFF])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="staff_role_once"),
            models.CheckConstraint(
                condition=Q(role__in=sorted(role.value for role in STAFF)), name="staff_role_is_a_staff_role"
            ),
        ]

    def __str__(self) -> str:
        return str(Role(self.role).label)


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> PatientQuerySet:
        """Patients whose clinical record ``user`` may open: the own one, or one under a running care assignment."""
        if user.roles & CLINICIANS:
            return self.filter(pk__in=CareAssignment.objects.running().filter(clinician=user).values("patient"))
        return self.filter(user=user)

    def on_schedule_of(self, user: User) -> PatientQuerySet:
        """Patients whose name, contact and appointments ``user`` may see: all for schedulers, else as visible_to."""
        if user.roles & SCHEDULERS:
            return self.exclude(status=Patient.Status.MERGED)
        return self.visible_to(user)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Patient(models.Model):
    """A person the practice cares for. A ``prospect`` came by a public booking and holds contact data only."""

    class Status(models.TextChoices):
        PROSPECT = "prospect", _("Prospect")
        PATIENT = "patient", _("Patient")
        FORMER = "former", _("Former patient")
        MERGED = "merged", _("Merged into another record")

    status = models.CharField(max_length=10, choices=Status, default=Status.PROSPECT)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="patient")
    first_name = models.CharField(_("first name"), max_length=100)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    name_to_use = models.CharField(_("name to use"), max_length=100, blank=True)
    pronouns = models.CharField(_("pronouns"), max_length=50, blank=True)
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    email_key = models.CharField(max_length=254, blank=True, db_index=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    time_zone = ZoneField()
    voicemail = models.CharField(
        max_length=20,
        choices=[
            ("no", _("No voicemail")),
            ("name_number", _("Name and number only")),
            ("details", _("Details are fine")),
        ],
        default="no",
    )
    sending_from = models.TimeField(_("messages from"), null=True, blank=True)
    sending_until = models.TimeField(_("messages until"), null=True, blank=True)
    do_not_contact = models.CharField(_("do not contact at"), max_length=300, blank=True)
    access_needs = models.CharField(_("what makes visits easier"), max_length=300, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    created_at = models.DateTimeField(default=timezone.now)

    objects = PatientQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Lower("last_name"), Lower("first_name"), name="patient_by_name"),
            models.Index(fields=["phone"], name="patient_by_phone"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="patient_merged_names_its_heir",
            )
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.name_to_use or self.first_name} {self.last_name}".strip()

    @property
    def short_name(self) -> str:
        """Last name and initial, as calendars print it."""
        initial = (self.name_to_use or self.first_name)[:1]
        return f"{self.last_name} {initial}".strip() if self.last_name else self.first_name


class TherapistQuerySet(models.QuerySet["Therapist"]):
    def listed(self) -> TherapistQuerySet:
        """Therapists the public directory shows, in neutral alphabetical order (clinical.md 0.3 rule 9)."""
        return self.filter(is_listed=True, user__is_active=True).select_related("user").order_by("sort_key", "pk")


SELF_PAY = frozenset({"self-pay", "self pay"})  # a way to pay among payers, and no insurance plan


def is_self_pay(payer: str) -> bool:
    return payer.casefold() in SELF_PAY


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Therapist(models.Model):
    """A therapist's public profile and calendar; the person signs in as ``user``."""

    user = models.OneToOneField(User, models.PROTECT, related_name="therapist")
    slug = models.SlugField(unique=True)
    sort_key = models.CharField(max_length=200)
    credentials = models.CharField(max_length=200, blank=True)
    licence_number = models.CharField(max_length=50, blank=True)
    licence_states = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    years_of_pain_work = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(70)])
    introduction = models.CharField(max_length=200, blank=True)
    about = models.TextField(blank=True)
    approaches = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    conditions = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    payers = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    accepts_patients = models.BooleanField(default=True)
    is_listed = models.BooleanField(default=True)

    objects = TherapistQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["sort_key"], name="therapist_by_name")]

    def __str__(self) -> str:
        return self.user.name

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def plans(self) -> list[str]:
        """The insurance plans among the payers."""
        return [payer for payer in self.payers if not is_self_pay(payer)]

    @property
    def ways_to_pay(self) -> list[str]:
        """The payers with paying oneself in front."""
        return [payer for payer in self.payers if is_self_pay(payer)] + self.plans


class CareAssignmentQuerySet(models.QuerySet["CareAssignment"]):
    def running(self) -> CareAssignmentQuerySet:
        now = timezone.now()
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), starts_at__lte=now)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), append_only=True)
class CareAssignment(models.Model):
    """Why a clinician may open a record. ``visible_to`` reads nothing else (architecture.md 4)."""

    class CareRole(models.TextChoices):
        TREATING = "treating", _("Treating")
        SUPERVISOR = "supervisor", _("Supervising")
        COVER = "cover", _("Covering")

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="care_assignments")
    clinician = models.ForeignKey(User, models.PROTECT, related_name="care_assignments")
    role = models.CharField(max_length=12, choices=CareRole)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)

    objects = CareAssignmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["clinician", "patient"], name="care_by_clinician")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "clinician", "role"], condition=Q(ends_at__isnull=True), name="care_assigned_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="care_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinician_id} {self.role} {self.patient_id}"


class Invitation(models.Model):
    """A way into a closed sign-up: it links a patient who lived without an account, or gives staff roles.

    The address carries 128 random bits; only their hash is stored.
    """

    token_hash = models.BinaryField(max_length=32, unique=True)
    email = models.EmailField()
    name = models.CharField(max_length=200)
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="invitations")
    roles = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link = ""  # the address, known to the one that made the row and to nobody after it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=False, roles=[]) | (Q(patient__isnull=True) & ~Q(roles=[])),
                name="invitation_for_patient_or_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}"
