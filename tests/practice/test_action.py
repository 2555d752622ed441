"""How an action runs: one transaction, one name in the history, an audit trail of what was really done."""

import pytest
from django.db import transaction

from practice import audit
from practice.action import action
from practice.models import AuditEvent, Location
from practice.models.audit import Action
from tests import cast


class Refused(Exception):
    pass


def told(by, name: str) -> None:
    audit.record(by=by, action=Action.CHANGE, obj=name)


def trail() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("object_type", flat=True))


@action
def part(*, by, name: str, fails: bool = False) -> None:
    told(by, name)
    if fails:
        raise Refused


@action
def whole(*, by, deeds) -> list[str]:
    for deed in deeds:
        deed(by)
    return trail()


def test_what_an_action_records_is_written_at_its_end_in_its_order(front_desk):
    before = whole(by=front_desk, deeds=[lambda by: told(by, "one"), lambda by: part(by=by, name="two")])
    assert before == []
    assert trail() == ["one", "two"]


def test_outside_an_action_it_is_written_at_once(front_desk):
    told(front_desk, "page")
    assert trail() == ["page"]


def test_an_action_that_fails_leaves_no_trail(front_desk):
    with pytest.raises(Refused):
        part(by=front_desk, name="one", fails=True)
    told(front_desk, "after")
    assert trail() == ["after"]


def test_a_part_that_failed_and_was_excused_is_not_in_the_trail(front_desk):
    def excused(by) -> None:
        with pytest.raises(Refused):
            part(by=by, name="failed", fails=True)

    whole(by=front_desk, deeds=[lambda by: told(by, "one"), excused, lambda by: told(by, "two")])
    assert trail() == ["one", "two"]


def test_a_savepoint_that_was_rolled_back_takes_its_trail_along(front_desk):
    def undone(by) -> None:
        with transaction.atomic():
            told(by, "rolled back")
            part(by=by, name="rolled back too")
            raise Refused

    def excused(by) -> None:
        with pytest.raises(Refused):
            undone(by)

    whole(by=front_desk, deeds=[excused, lambda by: told(by, "stays")])
    assert trail() == ["stays"]


def test_a_savepoint_that_holds_keeps_its_trail(front_desk):
    def careful(by) -> None:
        with transaction.atomic():
            told(by, "kept")

    whole(by=front_desk, deeds=[careful])
    assert trail() == ["kept"]


def test_the_history_names_the_outermost_action_and_who_acts(front_desk):
    place = cast.clinic().location

    @action
    def rename(*, by) -> None:
        part(by=by, name="one")
        Location.objects.filter(pk=place.pk).update(name="Elsewhere")

    rename(by=front_desk)
    context = place.events.order_by("-pgh_id").first().pgh_context
    assert context.metadata == {"action": "rename", "actor": front_desk.pk}
