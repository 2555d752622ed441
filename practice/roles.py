"""The roles of the practice, as code that its owner can read (clinical.md 0.2).

The role decides which pages a person reaches; the care relationship decides which rows (practice/models/people.py).
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    PATIENT = "patient", _("Patient")
    THERAPIST = "therapist", _("Therapist")
    TRAINEE = "trainee", _("Therapist in training")
    SUPERVISOR = "supervisor", _("Supervisor")
    FRONT_DESK = "front_desk", _("Front desk")
    MANAGER = "manager", _("Practice manager")


STAFF = frozenset({Role.THERAPIST, Role.TRAINEE, Role.SUPERVISOR, Role.FRONT_DESK, Role.MANAGER})
CLINICIANS = frozenset({Role.THERAPIST, Role.TRAINEE, Role.SUPERVISOR})
SCHEDULERS = frozenset({Role.FRONT_DESK, Role.MANAGER})
