"""The ground stands: tables refuse what they must, and a committed database is a clone, not a flush."""

import pytest
from django.db import DatabaseError, connection, transaction

from practice import audit
from practice.models import AuditEvent
from practice.roles import STAFF, Role


def test_the_complete_list_of_roles_is_known():
    assert [role.value for role in Role] == ["patient", "therapist", "trainee", "supervisor", "front_desk", "manager"]
    assert set(Role) - STAFF == {Role.PATIENT}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE practice_auditevent SET action = 'view'",
        "DELETE FROM practice_auditevent",
        "TRUNCATE practice_auditevent",
    ],
)
def test_the_audit_trail_refuses_change(db, statement):
    audit.record(by=None, action=audit.Action.VIEW, obj="week")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == 1


def test_a_committed_database_starts_empty(committed_db):
    audit.record(by=None, action=audit.Action.VIEW, obj="week")
    assert AuditEvent.objects.count() == 1


def test_a_committed_database_starts_empty_again(committed_db):
    assert AuditEvent.objects.count() == 0


def test_the_cast_has_its_roles(patient, therapist, front_desk):
    assert patient.user.roles == {Role.PATIENT}
    assert therapist.roles == {Role.THERAPIST}
    assert front_desk.roles == {Role.FRONT_DESK}
