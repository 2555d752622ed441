"""Alerts before the clinicians who answer them: see, try to reach, assess, close. Nobody else reaches these pages."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intake import alerts
from intake.forms.alert import AssessmentForm, AttemptForm, CloseForm, RaiseForm
from intake.models import AlertState, EmergencyContact, Registration, RiskAlert
from intake.views.loaders import posted, visible_alert, visible_patient
from practice.access import roles
from practice.audit import Action, record
from practice.models import Patient
from practice.roles import CLINICIANS

A_PAGE = 30


@roles(*CLINICIANS)
@require_GET
def alert_list(request: HttpRequest) -> HttpResponse:
    closed = "closed" in request.GET
    rows = alerts.waiting_for(request.user)
    if closed:
        rows = RiskAlert.objects.visible_to(request.user).filter(state=AlertState.CLOSED).order_by("-closed_at")
        rows = rows.select_related("patient", "acknowledged_by")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    record(by=request.user, action=Action.VIEW, obj="alerts")
    return render(request, "intake/alert/list.html", {"page": page, "closed": closed})


@roles(*CLINICIANS)
@require_GET
def alert_detail(request: HttpRequest, pk: int) -> HttpResponse:
    alert = visible_alert(request, pk)
    record(by=request.user, action=Action.VIEW, obj=alert, patient=alert.patient)
    return show(request, alert)


def show(
    request: HttpRequest, alert: RiskAlert, *, attempt: AttemptForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """The whole story of one alert, with the forms of what may be done next."""
    registration = Registration.objects.filter(patient=alert.patient_id).first()
    triggers = alert.triggers.select_related("response__version__instrument", "by")
    context = {
        "alert": alert,
        "triggers": [(trigger, *words_of(trigger)) for trigger in triggers],
        "responders": alert.responders.select_related("user").order_by("pk"),
        "attempts": alert.attempts.select_related("by"),
        "assessments": alert.assessments.select_related("by"),
        "contact": EmergencyContact.objects.filter(patient=alert.patient_id).first(),
        "place": registration.session_place if registration else "",
        "form": attempt or AttemptForm(),
        "problem": problem,
        "may_open_record": Patient.objects.visible_to(request.user).filter(pk=alert.patient_id).exists(),
    }
    return render(request, "intake/alert/detail.html", context, status=status)


def words_of(trigger) -> tuple[str, str, str]:
    """The question, the answer, and the answer before, in the words of the edition that was answered."""
    item = trigger.response.definition.by_id.get(trigger.link_id) if trigger.response and trigger.link_id else None
    if item is None:
        return ("", "", "")
    before = item.label_of(trigger.previous_value)
    now = item.label_of(trigger.value)
    return (item.text, now or _("Not answered"), before or _("Not answered"))


@roles(*CLINICIANS)
@require_POST
def alert_acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    alert = visible_alert(request, pk)
    try:
        alerts.acknowledge(by=request.user, alert=alert)
    except alerts.AlertClosed:
        return show(request, alert, problem=_("This alert has been closed meanwhile."), status=409)
    return redirect("intake:alert-detail", pk=alert.pk)


@roles(*CLINICIANS)
@require_POST
def alert_attempt(request: HttpRequest, pk: int) -> HttpResponse:
    alert = visible_alert(request, pk)
    form = AttemptForm(request.POST)
    if not form.is_valid():
        return show(request, alert, attempt=form, status=422)
    try:
        alerts.record_attempt(by=request.user, alert=alert, **form.facts())
    except alerts.NotSeenYet:
        return show(request, alert, attempt=form, problem=_("Say first that you have seen this alert."), status=409)
    except alerts.AlertClosed:
        return show(request, alert, attempt=form, problem=_("This alert has been closed meanwhile."), status=409)
    return redirect("intake:alert-detail", pk=alert.pk)


@roles(*CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_assess(request: HttpRequest, pk: int) -> HttpResponse:
    alert = visible_alert(request, pk)
    form = AssessmentForm(posted(request), today=alerts.today_here())
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            alerts.assess(by=request.user, alert=alert, **form.facts())
            messages.success(request, _("The assessment is saved."))
            return redirect("intake:alert-detail", pk=alert.pk)
        except alerts.AlertClosed:
            problem = _("This alert has been closed meanwhile. Your text is still here.")
    record(by=request.user, action=Action.VIEW, obj=alert, patient=alert.patient, detail={"page": "assess"})
    status = 409 if problem else (422 if form.errors else 200)
    return render(
        request, "intake/alert/assess.html", {"alert": alert, "form": form, "problem": problem}, status=status
    )


@roles(*CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_close(request: HttpRequest, pk: int) -> HttpResponse:
    alert = visible_alert(request, pk)
    form = CloseForm(posted(request))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            alerts.close(by=request.user, alert=alert, **form.cleaned_data)
            messages.success(request, _("The alert is closed."))
            return redirect("intake:alert-list")
        except alerts.NotAssessed:
            problem = _("Record an assessment first, or a try that did not reach the person and the plan for it.")
        except alerts.AlertClosed:
            problem = _("This alert has been closed meanwhile.")
    record(by=request.user, action=Action.VIEW, obj=alert, patient=alert.patient, detail={"page": "close"})
    status = 409 if problem else (422 if form.errors else 200)
    return render(request, "intake/alert/close.html", {"alert": alert, "form": form, "problem": problem}, status=status)


@roles(*CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_raise(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = visible_patient(request, patient_pk)
    form = RaiseForm(posted(request))
    if request.method == "POST" and form.is_valid():
        alert = alerts.mark_by_clinician(by=request.user, patient=patient, **form.cleaned_data)
        return redirect("intake:alert-detail", pk=alert.pk)
    record(by=request.user, action=Action.VIEW, obj="alert form", patient=patient)
    context = {"patient": patient, "form": form}
    return render(request, "intake/alert/raise.html", context, status=422 if form.errors else 200)
