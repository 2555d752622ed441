"""Results before clinicians, corrections, and answers entered from paper by any member of staff."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from intake import alerts, measures
from intake.forms.measure import CorrectionForm, PaperForm
from intake.models import InstrumentVersion, MeasureResponse
from intake.views.loaders import item_numbered, posted, visible_patient
from practice.access import roles
from practice.audit import Action, record
from practice.models import Patient
from practice.roles import CLINICIANS, SCHEDULERS
from practice.zone import today_in


@roles(*CLINICIANS)
@require_GET
def measure_history(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = visible_patient(request, patient_pk)
    record(by=request.user, action=Action.VIEW, obj="measures", patient=patient)
    tables = [(entries[0].response.definition, entries[::-1]) for entries in measures.history(patient).values()]
    context = {"patient": patient, "tables": tables, "open_alerts": alerts.open_alerts(patient).count()}
    return render(request, "intake/result/history.html", context)


def counted_response(request: HttpRequest, pk: int) -> MeasureResponse:
    rows = MeasureResponse.objects.visible_to(request.user).counted()
    return get_object_or_404(rows.select_related("version__instrument", "patient", "entered_by"), pk=pk)


@roles(*CLINICIANS)
@require_GET
def measure_detail(request: HttpRequest, pk: int) -> HttpResponse:
    response = counted_response(request, pk)
    record(by=request.user, action=Action.VIEW, obj=response, patient=response.patient)
    answers = measures.answers_of(response)
    lines = [
        {"number": number, "item": item, "answer": item.label_of(answers.get(item.link_id))}
        for number, item in enumerate(response.definition.items, start=1)
        if item.link_id in answers or item.is_scored
    ]
    context = {"response": response, "result": measures.result_of(response), "lines": lines}
    return render(request, "intake/result/detail.html", context)


@roles(*CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def measure_correct(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    response = counted_response(request, pk)
    item = item_numbered(response, number)
    form = CorrectionForm(posted(request), item=item)
    if request.method == "POST" and form.is_valid():
        value = form.cleaned_data["answer"]
        measures.correct_answer(
            by=request.user, response=response, item=item.link_id, value=value, skipped=value is None
        )
        messages.success(request, _("Corrected. The answer before stays in the history."))
        return redirect("intake:measure-detail", pk=response.pk)
    record(by=request.user, action=Action.VIEW, obj=response, patient=response.patient, detail={"item": number})
    before = item.label_of(measures.answers_of(response).get(item.link_id)) or _("Not answered")
    context = {"response": response, "item": item, "form": form, "before": before}
    return render(request, "intake/result/correct.html", context, status=422 if form.errors else 200)


# -- From paper: whoever enters sees the questions and, until it is saved, what they typed; nothing afterwards --------
def scheduled_patient(request: HttpRequest, pk: int) -> Patient:
    return get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=pk)


@roles(*SCHEDULERS, *CLINICIANS)
@require_GET
def paper_list(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = scheduled_patient(request, patient_pk)
    record(by=request.user, action=Action.VIEW, obj="paper sheets", patient=patient)
    versions = [version for version in InstrumentVersion.objects.active() if measures.may_begin(patient, version)]
    context = {"patient": patient, "versions": versions}
    return render(request, "intake/paper/list.html", context)


@roles(*SCHEDULERS, *CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def paper_entry(request: HttpRequest, patient_pk: int, pk: int) -> HttpResponse:
    patient = scheduled_patient(request, patient_pk)
    version = get_object_or_404(InstrumentVersion.objects.active(), pk=pk)
    today = today_in(patient.time_zone)
    initial = {"token": uuid.uuid4(), "taken_on": today}
    form = PaperForm(posted(request), definition=version.definition, today=today, initial=initial)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            _response, alerted = measures.enter_on_paper(
                by=request.user,
                patient=patient,
                version=version,
                answers=form.answers(),
                taken_on=form.cleaned_data["taken_on"],
                token=form.cleaned_data["token"],
            )
            messages.success(request, _("Saved. A clinician has been alerted.") if alerted else _("Saved."))
            return redirect("practice:patient-detail", pk=patient.pk)
        except measures.NotOffered:
            problem = _("This sheet cannot be entered just now. Hand it to a clinician today, and tell the manager.")
    record(by=request.user, action=Action.VIEW, obj="paper sheet", patient=patient)
    context = {"patient": patient, "definition": version.definition, "form": form, "problem": problem}
    status = 409 if problem else (422 if form.errors else 200)
    return render(request, "intake/paper/entry.html", context, status=status)
