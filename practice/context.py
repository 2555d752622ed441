"""What every page knows: the practice's facts, the person's places, and the nonce of the content policy."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, cached_property

from practice import navigation, presence
from practice.models import Practice
from practice.navigation import Place
from practice.roles import STAFF, Role
from practice.start import Badge, collect_badges


class PracticeFacts:
    """The one Practice row, read again after ``PRACTICE_FACTS_SECONDS`` so that most pages cost no query for it."""

    def __init__(self) -> None:
        self.row: Practice | None = None
        self.read_at = float("-inf")

    def __call__(self) -> Practice:
        """The practice; before set-up an unsaved row named Evenkeel, so that error pages still render."""
        if time.monotonic() - self.read_at >= settings.PRACTICE_FACTS_SECONDS:
            self.row = Practice.objects.first()
            self.read_at = time.monotonic()
        return self.row or Practice(name="Evenkeel", short_name="Evenkeel")


practice_facts = PracticeFacts()


class Shell:
    """The frame around a page for one request. Everything is read when a template asks, and once."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def roles(self) -> frozenset[Role]:
        user = getattr(self.request, "user", None)
        return user.roles if user is not None and user.is_authenticated else frozenset()

    @cached_property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)

    @property
    def is_patient(self) -> bool:
        return Role.PATIENT in self.roles

    @property
    def template(self) -> str:
        """The reader's own shell, for pages that anybody may read: ``{% extends shell.template %}``."""
        if self.is_staff:
            return "shell/staff.html"
        return "shell/patient.html" if self.is_patient else "shell/public.html"

    @property
    def why_signed_out(self) -> str:
        """On the pages to sign in: why the last sign-in of this browser ended by itself; empty where none did."""
        return presence.told(self.request.session)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return navigation.places_for(self.roles)

    def marked(self, current: str = "") -> list[Place]:
        match = self.request.resolver_match
        return navigation.marked(self.places, match.view_name if match else "", current)

    @property
    def role_label(self) -> str:
        """The first of the person's roles, in the order of the roles file: enough to tell two windows apart."""
        return next((str(role.label) for role in Role if role in self.roles), "")

    @cached_property
    def badges(self) -> list[Badge]:
        return collect_badges(self.request.user) if self.is_staff else []

    @property
    def urgent_badges(self) -> list[Badge]:
        return [badge for badge in self.badges if badge.is_urgent]

    @property
    def other_badges(self) -> list[Badge]:
        return [badge for badge in self.badges if not badge.is_urgent]


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``practice``, ``shell``, and ``csp_nonce`` under the name django-htmx looks for."""
    return {
        "practice": SimpleLazyObject(practice_facts),
        "shell": Shell(request),
        "csp_nonce": SimpleLazyObject(lambda: str(getattr(request, "csp_nonce", ""))),
    }
