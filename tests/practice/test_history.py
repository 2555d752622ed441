"""Changes of the schedule and of who cares leave a row behind, whoever makes them, and that row stays as it is."""

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from practice.models import Room, TimeOff, WorkingHours
from tests import cast

# One change each, as somebody at a database prompt would make it.
CHANGES = {
    "practice.AppointmentType": "price_cents = 4200",
    "practice.Location": "is_open = false",
    "practice.Practice": "closes_at = '12:00'",
    "practice.Room": "name = 'Blue room'",
    "practice.Therapist": "is_listed = false",
    "practice.WorkingHours": "ends = '23:00'",
    "practice.TimeOff": "label = 'Course'",
    "practice.StaffRole": "role = 'manager'",
    "intake.RiskResponder": "is_active = false",
}


@pytest.fixture
def rows(clinic, therapist):
    """At least one row of each table above."""
    now = cast.at("2026-05-12 15:30")
    TimeOff.objects.create(therapist=therapist.therapist, starts_at=now, ends_at=cast.at("2026-05-12 16:30"))
    apps.get_model("intake.RiskResponder").objects.create(user=therapist)
    assert WorkingHours.objects.exists()


@pytest.mark.parametrize(("label", "change"), CHANGES.items(), ids=CHANGES)
def test_a_change_by_raw_sql_leaves_a_row_with_what_it_became(rows, label, change):
    model = apps.get_model(label)
    row = model.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {change} WHERE id = %s", [row.pk])
    row.refresh_from_db()
    before, after = row.events.order_by("pgh_id")
    assert (before.pgh_label, after.pgh_label) == ("insert", "update")
    name = change.split(" = ")[0]
    assert getattr(before, name) != getattr(after, name) == getattr(row, name)


@pytest.mark.parametrize("label", CHANGES)
@pytest.mark.parametrize("attack", ["UPDATE {table} SET pgh_label = 'x'", "DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("ignored", [False, True], ids=["plainly", "with the history's triggers told to stand back"])
def test_the_app_role_can_neither_change_nor_delete_it(rows, label, attack, ignored):
    table = f"{apps.get_model(label)._meta.db_table}event"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        if ignored:
            cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(attack.format(table=table))
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("label", CHANGES)
def test_nor_can_the_owner_in_passing(rows, label):
    table = f"{apps.get_model(label)._meta.db_table}event"
    for attack in (f"UPDATE {table} SET pgh_label = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with (
            pytest.raises(DatabaseError, match="append-only|Cannot update or delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(attack)


def test_the_app_role_can_change_the_schedule(rows):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
    room = Room.objects.order_by("pk").first()
    room.name = "Blue room"
    room.save()
    assert [event.name for event in room.events.order_by("pgh_id")] == ["Room 1", "Blue room"]
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_what_was_there_before_begins_its_history_with_what_it_is(committed_db):
    """The migration goes back and forth over a filled table."""
    call_command("migrate", "intake", "0003", verbosity=0)
    call_command("migrate", "practice", "0004", verbosity=0)
    with connection.cursor() as cursor:
        assert "practice_roomevent" not in connection.introspection.table_names(cursor)
    there = cast.clinic().room
    call_command("migrate", verbosity=0)
    there.name = "Blue room"
    there.save()
    said = there.events.order_by("pgh_id").values_list("pgh_label", "name")
    assert list(said) == [("begin", "Room 1"), ("update", "Blue room")]
