"""The places of each role: at most six, the same words everywhere (design: "Same words everywhere")."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.roles import Role

MOST_PLACES = 6


@dataclass(frozen=True)
class Place:
    """One entry of the navigation. ``prefixes`` are the beginnings of URL names that belong to it."""

    key: str
    label: str | Promise
    icon: str
    url_name: str
    prefixes: tuple[str, ...] = ()
    url: str = ""
    current: str = ""

    def holds(self, view_name: str) -> bool:
        return view_name == self.url_name or view_name.startswith(self.prefixes or (self.url_name,))


THERAPISTS = Place(
    "therapists",
    _("Therapists"),
    "people",
    "practice:therapist-list",
    ("practice:therapist-", "practice:slot-", "practice:hold-"),
)
HOW = Place("how", _("How it works"), "path", "practice:how-it-works")
READING = Place("reading", _("Reading"), "book", "education:article-list", ("education:article-",))
SIGN_IN = Place("sign-in", _("Sign in"), "door", "account_request_login_code", ("account_", "mfa_"))

TODAY = Place("today", _("Today"), "home", "practice:today")
COURSE = Place("course", _("Course"), "path", "sessions:patient-course", ("sessions:patient-", "sessions:homework-"))
OWN_APPOINTMENTS = Place(
    "appointments",
    _("Appointments"),
    "calendar",
    "practice:appointment-mine",
    ("practice:appointment-mine", "practice:manage-"),
)
DAY = Place("day", _("Day"), "list", "practice:desk-day", ("practice:desk-day", "practice:appointment-"))
WEEK = Place("week", _("Week"), "calendar", "practice:desk-week")
PEOPLE = Place(
    "people",
    _("People"),
    "people",
    "practice:patient-list",
    ("practice:patient-", "sessions:course-", "sessions:chart-"),
)
NOTES = Place("notes", _("Notes"), "pen", "sessions:note-list", ("sessions:note-", "sessions:addendum-"))
ALERTS = Place("alerts", _("Alerts"), "bang", "intake:alert-list", ("intake:alert-",))
MESSAGES = Place("messages", _("Messages"), "mail", "practice:message-list", ("practice:message-",))
STATUS = Place("status", _("Status"), "chart", "practice:status")

VISITOR_PLACES = (THERAPISTS, HOW, READING, SIGN_IN)
PATIENT_PLACES = (TODAY, COURSE, READING, OWN_APPOINTMENTS)
CLINICIAN_PLACES = (TODAY, WEEK, PEOPLE, NOTES, ALERTS)
STAFF_PLACES: dict[Role, tuple[Place, ...]] = {
    Role.THERAPIST: CLINICIAN_PLACES,
    Role.TRAINEE: CLINICIAN_PLACES,
    Role.SUPERVISOR: CLINICIAN_PLACES,
    Role.FRONT_DESK: (DAY, WEEK, PEOPLE, MESSAGES),
    Role.MANAGER: (DAY, WEEK, PEOPLE, MESSAGES, STATUS),
}
GIVES_WAY = frozenset({"day", "status"})
STAFF_ORDER = (TODAY, DAY, WEEK, PEOPLE, NOTES, ALERTS, MESSAGES, STATUS)


def places_for(roles: frozenset[Role]) -> tuple[Place, ...]:
    """The navigation of somebody with these roles; the union for several. None at all is a visitor.

    A clinician's *Today* shows the own day, so *Day* gives way when the union has more than six places, and *Status*
    with it; what gives way stays reachable from the start page (``further_places``).
    """
    if roles == {Role.PATIENT}:
        return resolved(PATIENT_PLACES)
    if not roles:
        return resolved(VISITOR_PLACES)
    further = further_places(roles)
    return tuple(place for place in all_staff_places(roles) if place not in further)


def further_places(roles: frozenset[Role]) -> tuple[Place, ...]:
    """Places of these roles for which the navigation has no room; the start page links them."""
    places = all_staff_places(roles)
    return () if len(places) <= MOST_PLACES else tuple(place for place in places if place.key in GIVES_WAY)


def all_staff_places(roles: frozenset[Role]) -> tuple[Place, ...]:
    own = {place for role in roles for place in STAFF_PLACES.get(role, ())}
    return resolved(tuple(place for place in STAFF_ORDER if place in own))


def resolved(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places with their addresses. A place of an app that is not installed is left out, not shown dead."""
    found = []
    for place in places:
        try:
            found.append(replace(place, url=reverse(place.url_name)))
        except NoReverseMatch:
            continue
    return tuple(found)


def marked(places: tuple[Place, ...], view_name: str, current: str = "") -> list[Place]:
    """The places with ``aria-current`` on at most one: ``page`` where the person is, ``true`` for their section."""
    here = next((p for p in places if p.key == current), None) or next((p for p in places if p.holds(view_name)), None)
    return [
        replace(place, current="page" if place.url_name == view_name else "true") if place is here else place
        for place in places
    ]
