"""Patients on the schedule side: contact, appointments, invitation. No clinical content for anybody here."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice import audit, invitations, patients, search_words
from practice.access import roles
from practice.forms.patient import MergeForm, PatientForm, SearchForm
from practice.models import Appointment, ConsentRecord, Patient
from practice.models.consent import ConsentType
from practice.roles import CLINICIANS, SCHEDULERS

A_PAGE = 25
LATEST = 10
CONTACT = (ConsentType.EMAIL, ConsentType.SMS)


@roles(*SCHEDULERS, *CLINICIANS)
def patient_list(request: HttpRequest) -> HttpResponse:
    """Everybody, or those looked for; posting looks for somebody and leads to an address that names nobody."""
    if request.method == "POST":
        words = SearchForm.words(request.POST)
        return redirect(reverse("practice:patient-list") + search_words.query(words, by=request.user))
    words = search_words.words(request.GET, by=request.user)
    found = patients.search(Patient.objects.on_schedule_of(request.user), words)
    page = Paginator(patients.with_next_visit(found), A_PAGE).get_page(request.GET.get("page"))
    seen = {"page": page.number, "search": bool(words)}
    audit.record(by=request.user, action=audit.Action.VIEW, obj="patient list", detail=seen)
    return render(request, "practice/patient/list.html", {"page": page, "words": words})


@roles(*SCHEDULERS, *CLINICIANS)
def patient_detail(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=pk)
    audit.record(by=request.user, action=audit.Action.VIEW, obj=patient, patient=patient)
    return show(request, patient)


def show(request: HttpRequest, patient: Patient, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The page of one patient; with a ``problem``, what stopped the person, above it."""
    visits = Appointment.objects.visible_to(request.user).filter(patient=patient)
    visits = visits.select_related("therapist__user", "type", "location", "room")
    decisions = ConsentRecord.objects.latest_by_type(patient).filter(type__in=CONTACT)
    context = {
        "patient": patient,
        "coming": visits.coming().order_by("starts_at"),
        "past": visits.exclude(pk__in=visits.coming().values("pk")).order_by("-starts_at")[:LATEST],
        "contact": {record.type: record.decision == "given" for record in decisions},
        "invitation": patient.invitations.filter(withdrawn_at=None).order_by("-pk").first(),
        "duplicates": patients.possible_duplicates(patient) if request.user.is_scheduler else (),
        "clinical": request.user.roles & CLINICIANS and Patient.objects.visible_to(request.user).filter(pk=patient.pk),
        "problem": problem,
    }
    return render(request, "practice/patient/detail.html", context, status=status)


@roles(*SCHEDULERS)
def patient_create(request: HttpRequest) -> HttpResponse:
    form = PatientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        patient = patients.add_patient(by=request.user, **form.typed())
        messages.success(request, _("The record is made."))
        return redirect("practice:patient-detail", pk=patient.pk)
    return render(request, "practice/patient/create.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@roles(*SCHEDULERS, *CLINICIANS)
def patient_invite(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=pk)
    try:
        invitations.invite_patient(by=request.user, patient=patient)
    except invitations.HasAccount:
        return show(request, patient, problem=_("This patient has an account already."), status=409)
    except invitations.NoAddress:
        return show(request, patient, problem=_("There is no e-mail address to send an invitation to."), status=409)
    except invitations.AddressTaken:
        return show(request, patient, problem=_("Another account already signs in with this address."), status=409)
    messages.success(request, _("The invitation is on its way. It works for 14 days."))
    return redirect("practice:patient-detail", pk=patient.pk)


@require_POST
@roles(*SCHEDULERS)
def patient_merge(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.on_schedule_of(request.user), pk=pk)
    form = MergeForm(request.POST, into=patient)
    if not form.is_valid():
        return show(request, patient, problem=_("That record is no longer a possible duplicate."), status=422)
    try:
        patients.merge(by=request.user, source=form.cleaned_data["source"], into=patient)
    except patients.MergeRefused as refused:
        return show(request, patient, problem=why_not(str(refused)), status=409)
    messages.success(request, _("The two records are one."))
    return redirect("practice:patient-detail", pk=patient.pk)


def why_not(reason: str) -> str:
    return {
        "overlap": _("Both records have a visit at the same time. Move or cancel one of them first."),
        "busy": _("Somebody is changing the visits of one of the two just now. Please try again."),
        "account": _("Only the record of somebody new, without an account, can be joined into another."),
        "records": _("The other record holds more than contact data. A clinician has to look at it first."),
    }.get(reason, _("One of the two records was joined already."))
