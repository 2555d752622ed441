"""The front desk: the day and the week of everybody, and the sheet of one appointment beside them."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice import audit
from practice.access import roles
from practice.context import practice_facts
from practice.forms.desk import CalendarForm
from practice.models import Location
from practice.roles import Role
from practice.views.desk_sheet import appointments, sheet
from practice.week import monday_of, week
from practice.zone import today_in

CALENDAR_READERS = (Role.FRONT_DESK, Role.MANAGER, Role.THERAPIST, Role.TRAINEE, Role.SUPERVISOR)
WORKING_DAYS = 5


@roles(*CALENDAR_READERS)
def desk_day(request: HttpRequest) -> HttpResponse:
    """One local date, all therapists or all rooms."""
    chosen = CalendarForm.read(request.GET)
    today = today_of(chosen["location"])
    return calendar(request, "practice/desk/day.html", [chosen["day"] or today], chosen, today, step=1)


@roles(*CALENDAR_READERS)
def desk_week(request: HttpRequest) -> HttpResponse:
    """Monday to Friday of one week, and the weekend where somebody works it."""
    chosen = CalendarForm.read(request.GET)
    today = today_of(chosen["location"])
    monday = monday_of(chosen["day"] or today)
    days = [monday + timedelta(days=number) for number in range(WORKING_DAYS + 2 * chosen["weekend"])]
    return calendar(request, "practice/desk/week.html", days, chosen, today, step=7)


def calendar(
    request: HttpRequest, template: str, days: list[date], chosen: dict, today: date, *, step: int
) -> HttpResponse:
    """Render the grid of ``days`` with the sheet of the appointment in ``open``, and record that it was read."""
    grid = week(
        days,
        by_room=chosen["by_room"],
        location_id=chosen["location"],
        therapist_user=None if request.user.is_scheduler else request.user,
    )
    audit.record(by=request.user, action=audit.Action.VIEW, obj="calendar", detail={"from": days[0].isoformat()})
    focus = chosen["day"] or today
    return render(
        request,
        template,
        {
            "heading": heading(days),
            "grid": grid,
            "one_day": len(days) == 1,
            "days": days,
            "focus": focus if focus in days else days[0],
            "today": today,
            "before": link(chosen, days[0] - timedelta(days=step)),
            "after": link(chosen, days[0] + timedelta(days=step)),
            "now": link(chosen, today),
            "here": link(chosen, focus),
            "as_rooms": link({**chosen, "by_room": True}, focus),
            "as_therapists": link({**chosen, "by_room": False}, focus),
            "chosen": chosen,
        }
        | opened(request, chosen),
    )


def today_of(location_id: int | None) -> date:
    """The local date of the location shown, or of the practice where all are."""
    place = Location.objects.filter(pk=location_id).first() if location_id else None
    return today_in(place.zone if place else practice_facts().time_zone)


def heading(days: list[date]) -> str:
    """``Tuesday, May 12`` for a day, ``May 11 to 15`` or ``April 27 to May 1`` for a week."""
    first, last = days[0], days[-1]
    if first == last:
        return date_format(first, "l, F j")
    return _("%(first)s to %(last)s") % {
        "first": date_format(first, "F j"),
        "last": date_format(last, "j" if first.month == last.month else "F j"),
    }


def opened(request: HttpRequest, chosen: dict) -> dict:
    """The sheet of the appointment named in ``open``, if this person may see it."""
    if chosen["open"] is None:
        return {"opened": None}
    appointment = appointments(request.user).filter(pk=chosen["open"]).first()
    if appointment is None:
        return {"opened": None}
    audit.record(by=request.user, action=audit.Action.VIEW, obj=appointment, patient=appointment.patient_id)
    return {"opened": appointment} | sheet(request.user, appointment, request.get_full_path())


def link(chosen: dict, day: date) -> str:
    """A query string that keeps the chosen view and goes to ``day``."""
    kept = {"day": day.isoformat()}
    kept |= {"by": "room"} if chosen["by_room"] else {}
    kept |= {"location": chosen["location"]} if chosen["location"] else {}
    kept |= {"weekend": 1} if chosen["weekend"] else {}
    return f"?{urlencode(kept)}"
