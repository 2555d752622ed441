"""A patient answers questions: one on each screen, every answer saved, crisis help at once after a risk answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intake import alerts, crisis, due, measures
from intake.forms.measure import AnswerForm
from intake.models import InstrumentVersion, MeasureResponse
from intake.views.loaders import item_numbered, own_response
from practice.access import roles
from practice.audit import Action, record
from practice.roles import Role


@roles(Role.PATIENT)
@require_GET
def measure_list(request: HttpRequest) -> HttpResponse:
    patient = request.user.patient
    record(by=request.user, action=Action.VIEW, obj="measures", patient=patient)
    return render(request, "intake/measure/list.html", {"offers": due.offers(patient)})


def not_now(request: HttpRequest) -> HttpResponse:
    """The list again, for somebody whose page still offered what is not asked any more."""
    context = {"offers": due.offers(request.user.patient), "problem": _("These questions are not asked just now.")}
    return render(request, "intake/measure/list.html", context, status=409)


@roles(Role.PATIENT)
@require_POST
def measure_start(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(InstrumentVersion.objects.active(), pk=pk)
    try:
        response = measures.start_response(by=request.user, patient=request.user.patient, version=version)
    except measures.NotOffered:
        return not_now(request)
    return go_on(request, response)


def first_open(response: MeasureResponse) -> int | None:
    """The number of the first item that is shown and neither answered nor skipped."""
    known = measures.answers_of(response)
    shown = response.definition.shown(known)
    for number, item in enumerate(response.definition.items, start=1):
        if item.link_id not in known and item in shown:
            return number
    return None


def go_on(request: HttpRequest, response: MeasureResponse) -> HttpResponse:
    """To the first open item; when none is left the response is finished, and the person sees its end."""
    number = first_open(response)
    if number is not None:
        return redirect("intake:measure-item", pk=response.pk, number=number)
    measures.complete(by=request.user, response=response)
    return to_end(response)


@roles(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def measure_item(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    response = own_response(request, pk)
    item = item_numbered(response, number)
    if request.method != "POST":
        return item_page(request, response, number) if response.is_open else to_end(response)
    form = AnswerForm(request.POST, item=item)
    skipped, rests = "skip" in request.POST, "rest" in request.POST
    if rests and not request.POST.get("answer"):
        return redirect("practice:today")
    if not skipped and not form.is_valid():
        return item_page(request, response, number, form)
    value = None if skipped else form.cleaned_data["answer"]
    saved = keep(by=request.user, response=response, item=item.link_id, value=value, skipped=skipped)
    if saved.needs_crisis_help:
        return redirect("intake:crisis-now", pk=response.pk)
    if rests:
        messages.success(request, _("Saved. Go on whenever you like."))
        return redirect("practice:today")
    return after(request, response, number) if response.is_open else to_end(response)


def keep(**answer: Any) -> measures.Saved:
    """Save an answer; from an old page of a response that is finished it is a correction, and is not lost either."""
    try:
        return measures.save_answer(**answer)
    except measures.ResponseClosed:
        return measures.correct_answer(**answer)


def to_end(response: MeasureResponse) -> HttpResponse:
    return redirect("intake:measure-done", pk=response.pk)


def after(request: HttpRequest, response: MeasureResponse, number: int) -> HttpResponse:
    """To the next item that is shown; after the last to what is still open, or to the end."""
    shown = {item.link_id for item in response.definition.shown(measures.answers_of(response))}
    for later, item in enumerate(response.definition.items[number:], start=number + 1):
        if item.link_id in shown:
            return redirect("intake:measure-item", pk=response.pk, number=later)
    return go_on(request, response)


def item_page(
    request: HttpRequest, response: MeasureResponse, number: int, form: AnswerForm | None = None
) -> HttpResponse:
    """One item on its screen. What this person chose for it in this response stands; earlier responses never show."""
    item = response.definition.items[number - 1]
    known = measures.answers_of(response)
    if form is None:
        value = known.get(item.link_id)
        form = AnswerForm(item=item, initial={} if value is None else {"answer": str(value)})
        record(by=request.user, action=Action.VIEW, obj=response, patient=response.patient_id, detail={"item": number})
    shown = response.definition.shown(known)
    place = shown.index(item) + 1 if item in shown else number
    context = {
        "response": response,
        "definition": response.definition,
        "item": item,
        "form": form,
        "number": place,
        "total": max(len(shown), place),
        "back": number - 1 if number > 1 else None,
        "is_saved": bool(known),
        "readers": alerts.treating_clinicians(response.patient),
    }
    return render(request, "intake/measure/item.html", context, status=422 if form.errors else 200)


@roles(Role.PATIENT)
@require_GET
def measure_done(request: HttpRequest, pk: int) -> HttpResponse:
    response = own_response(request, pk)
    if response.is_open:
        number = first_open(response) or len(response.definition.scale.items)
        return redirect("intake:measure-item", pk=response.pk, number=number)
    record(by=request.user, action=Action.VIEW, obj=response, patient=response.patient_id)
    had_risk = due.had_risk_answer(response)
    context = {
        "response": response,
        "definition": response.definition,
        "had_risk": had_risk,
        "result": None if had_risk else measures.result_of(response),
        "readers": alerts.treating_clinicians(response.patient),
    }
    return render(request, "intake/measure/done.html", context)


# -- After a risk answer ----------------------------------------------------------------------------------------------
@roles(Role.PATIENT)
@require_GET
def crisis_now(request: HttpRequest, pk: int) -> HttpResponse:
    response = own_response(request, pk)
    record(by=request.user, action=Action.VIEW, obj=response, patient=response.patient_id, detail={"page": "crisis"})
    words = crisis.aim(timezone.now(), alerts.opening_hours())
    return render(request, "intake/crisis/now.html", {"response": response, "aim": words})


@roles(Role.PATIENT)
@require_POST
def crisis_safe(request: HttpRequest, pk: int) -> HttpResponse:
    response = own_response(request, pk)
    alerts.say_safe_for_now(by=request.user, response=response)
    return go_on(request, response) if response.is_open else to_end(response)


@roles(Role.PATIENT)
@require_POST
def crisis_help(request: HttpRequest, pk: int) -> HttpResponse:
    response = own_response(request, pk)
    alerts.ask_for_help_now(by=request.user, response=response)
    return redirect("practice:help-now")
