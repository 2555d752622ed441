"""The first page after signing in: the patient's next step, the clinician's day; schedulers go to their day sheet."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from practice import audit, navigation
from practice.access import roles
from practice.models import Appointment, Patient
from practice.roles import CLINICIANS, Role
from practice.start import Mark, collect_cards, collect_marks, day_of, greeting, next_appointment


@roles(*Role)
def today(request: HttpRequest) -> HttpResponse:
    held = request.user.roles
    if held & CLINICIANS:
        return clinician_start(request)
    return patient_start(request) if Role.PATIENT in held else redirect("practice:desk-day")


def patient_start(request: HttpRequest) -> HttpResponse:
    """The patient's page. ``?one`` is the rough day: the next visit, or else one thing, and nothing besides."""
    patient = Patient.objects.get(user=request.user)
    audit.record(by=request.user, action=audit.Action.VIEW, obj="start page", patient=patient)
    one_thing = "one" in request.GET
    appointment = next_appointment(patient)
    cards = [] if one_thing and appointment else collect_cards(request.user)
    if one_thing:
        cards = [card for card in cards if card.asks][:1] or cards[:1]
    now = timezone.now().astimezone(ZoneInfo(request.user.time_zone))
    return render(
        request,
        "practice/start/patient.html",
        {
            "patient": patient,
            "now": now,
            "greeting": greeting(now),
            "appointment": appointment,
            "cards": cards,
            "one_thing": one_thing,
        },
    )


def clinician_start(request: HttpRequest) -> HttpResponse:
    now = timezone.now().astimezone(ZoneInfo(request.user.time_zone))
    visits = day_of(request.user, now.date(), now.tzinfo)
    audit.record(by=request.user, action=audit.Action.VIEW, obj="day", detail={"on": now.date().isoformat()})
    marks = collect_marks(request.user, visits)
    cards = collect_cards(request.user)
    return render(
        request,
        "practice/start/clinician.html",
        {
            "now": now,
            "rows": day_rows(visits, marks, now),
            "coming": next((visit for visit in visits if visit.ends_at > now), None),
            "waiting": [card for card in cards if card.region == "waiting"],
            "cards": [card for card in cards if card.region != "waiting"],
            "further": navigation.further_places(request.user.roles),
        },
    )


def day_rows(visits: list[Appointment], marks: dict[int, list[Mark]], now: dt.datetime) -> list[dict]:
    """The day in time order with one row for *now* between what has begun and what has not.

    What the apps say of a visit ("Session 8 of 12") takes the place of its type's name; their links stand beside it.
    """
    rows: list[dict] = []
    passed = False
    for visit in visits:
        if not passed and visit.starts_at > now:
            rows.append({"now": True})
            passed = True
        said = marks.get(visit.pk, [])
        words = ", ".join(mark.label for mark in said if not mark.url) or visit.type.name
        rows.append({"visit": visit, "words": words, "links": [mark for mark in said if mark.url]})
    if rows and not passed:
        rows.append({"now": True})
    return rows
