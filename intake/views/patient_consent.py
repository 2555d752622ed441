"""A patient's decisions before staff: what is in force, and recording what was signed on paper or said."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from intake import consent
from intake.forms.consent import PatientConsentForm
from intake.views.loaders import posted
from practice.access import roles
from practice.audit import Action, record
from practice.consents import NothingToWithdraw, latest_consents
from practice.models import Patient
from practice.roles import CLINICIANS, SCHEDULERS
from practice.zone import today_in


@roles(*SCHEDULERS, *CLINICIANS)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_consent(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=patient_pk)
    today = today_in(patient.time_zone)
    form = PatientConsentForm(posted(request), today=today, initial={"signed_on": today})
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            consent.record_for_patient(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(request, _("Recorded. It counts from now on."))
            return redirect("intake:patient-consent", patient_pk=patient.pk)
        except NothingToWithdraw:
            form.add_error("decision", _("This is not in force, so there is nothing to withdraw."))
        except consent.NewerDecision:
            form.add_error("signed_on", _("A decision about this from a later day is in force. It stays."))
        status = 409
    record(by=request.user, action=Action.VIEW, obj="consents", patient=patient)
    context = {"patient": patient, "decisions": latest_consents(patient).values(), "form": form}
    return render(request, "intake/consent/patient.html", context, status=status)
