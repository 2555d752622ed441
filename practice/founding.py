"""Founding a practice, and for whom a database was founded: fictional people and real ones never meet.

In the demo setting anybody steps in as anybody, so it must not serve a real practice; and accounts of the demo clinic,
whose password is printed in public, must not open in production.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction

from practice import audit, invitations
from practice.action import action
from practice.models import Invitation, Location, Practice, Room, User
from practice.roles import Role
from practice.visit_kinds import make_kinds

DEMO_DATA = (
    "This database holds the fictional demo clinic, whose password is public. Give DATABASE_URL a database of its own, "
    "or set EVENKEEL_DEMO=1 to run the demo."
)
REAL_DATA = (
    "This database holds a real practice; unset EVENKEEL_DEMO, under which anybody may step in as anybody, or give "
    "DATABASE_URL another database."
)


def must_match_setting() -> None:
    """Every process calls this before its work. One query more where a practice is there.

    A database without the practice's table, or without a row in it, is nobody's yet. Raises ImproperlyConfigured with
    the cure, and the database's own error where it does not answer: a process that cannot know must not begin.
    """
    table = Practice._meta.db_table
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        if table not in names:
            return
        columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    if "is_demo" not in columns:  # made before this was written down; the migration that adds the column decides
        return
    kinds = set(Practice.objects.values_list("is_demo", flat=True))
    if not settings.DEMO and True in kinds:
        raise ImproperlyConfigured(DEMO_DATA)
    if settings.DEMO and False in kinds:
        raise ImproperlyConfigured(REAL_DATA)


class AlreadyFounded(Exception):
    """This database has its practice; the text names it."""


class NotEmpty(Exception):
    """Somebody has made parts of a practice by hand, which founding would make a second time."""


class OnlyInProduction(Exception):
    """In the demo setting anybody steps in as anybody: a real practice is not founded there."""


@dataclass(frozen=True)
class Plan:
    """What a practice begins with. Prices are cents a visit; hours are wall-clock times in ``time_zone``."""

    name: str
    short_name: str
    phone: str
    address: str
    opening_hours: str
    opens_at: time
    closes_at: time
    time_zone: str
    location_name: str
    rooms: Sequence[str]
    session_cents: int
    joint_cents: int
    manager_name: str
    manager_email: str
    local_emergency_number: str = ""
    local_crisis_line: str = ""


def found(*, by: User | None, plan: Plan) -> Invitation:
    """Found the practice of this database and invite its first manager, all of it or nothing.

    Returns the invitation with its link. Raises OnlyInProduction, AlreadyFounded, NotEmpty, and
    invitations.AddressTaken.
    """
    if settings.DEMO:
        raise OnlyInProduction
    try:
        with transaction.atomic():
            return founded(by=by, plan=plan)
    except IntegrityError as error:
        if name := name_of_practice():  # somebody else founded it at the same moment
            raise AlreadyFounded(name) from error
        raise NotEmpty from error


@action
def founded(*, by: User | None, plan: Plan) -> Invitation:
    if Practice.objects.exists():
        raise AlreadyFounded(name_of_practice())
    practice = Practice.objects.create(
        pk=1,
        name=plan.name,
        short_name=plan.short_name,
        phone=plan.phone,
        address=plan.address,
        opening_hours=plan.opening_hours,
        opens_at=plan.opens_at,
        closes_at=plan.closes_at,
        time_zone=plan.time_zone,
        local_emergency_number=plan.local_emergency_number,
        local_crisis_line=plan.local_crisis_line,
    )
    place = Location.objects.create(name=plan.location_name, address=plan.address, zone=plan.time_zone)
    for name in plan.rooms:
        Room.objects.create(location=place, name=name)
    make_kinds(session_cents=plan.session_cents, joint_cents=plan.joint_cents)
    audit.record(by=by, action=audit.Action.CREATE, obj=practice)
    return invitations.invite_staff(by=by, email=plan.manager_email, name=plan.manager_name, roles={Role.MANAGER})


def name_of_practice() -> str:
    return Practice.objects.values_list("name", flat=True).first() or ""
