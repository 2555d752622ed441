"""Pages of a course for clinicians: the outcome of a free talk, opening a course, the course itself, the chart."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from education.articles import reading_of
from intake import alerts
from intake.measures import measures_for_note
from practice.access import roles
from practice.audit import Action, record
from practice.models import Appointment, AppointmentType, Patient
from sessions import courses, numbering, outline
from sessions.forms.course import CourseForm, ExtensionForm, OutcomeForm
from sessions.models import ConsultationOutcome, Course, ProgressNote
from sessions.views.note import AUTHORS, CLINICIANS


def patient_of(request: HttpRequest, pk: int) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def consultation_outcome(request: HttpRequest, appointment_pk: int) -> HttpResponse:
    """What came of a free talk; only the therapist who held it says so."""
    talks = Appointment.objects.visible_to(request.user).filter(
        therapist__user=request.user,
        type__code=AppointmentType.Code.CONSULT_FREE,
        patient__in=Patient.objects.visible_to(request.user),
    )
    talk = get_object_or_404(talks.select_related("patient", "type"), pk=appointment_pk)
    form = OutcomeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = courses.record_outcome(by=request.user, appointment=talk, **form.cleaned_data)
                messages.success(request, _("Recorded."))
                return redirect(after_outcome(found))
            except courses.CourseRefused as refusal:
                status = 409
                form.add_error(None, str(refusal))
    known = getattr(talk, "consultation_outcome", None)
    record(by=request.user, action=Action.VIEW, obj=known or talk, patient=talk.patient)
    context = {"talk": talk, "form": form, "known": known, "happened": talk.status in numbering.HAPPENED}
    return render(request, "sessions/consultation/outcome.html", context, status=status)


def after_outcome(outcome: ConsultationOutcome) -> str:
    """To the opening of the course where there is one to open, else to the chart."""
    name = (
        "sessions:course-create"
        if outcome.outcome == ConsultationOutcome.Outcome.BOOK_INTAKE
        else "sessions:chart-detail"
    )
    return reverse(name, args=[outcome.patient_id])


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def course_create(request: HttpRequest, patient_pk: int) -> HttpResponse:
    """Choose a template and begin treatment. What is missing is said before anything is typed."""
    patient = patient_of(request, patient_pk)
    therapist = getattr(request.user, "therapist", None)
    form = CourseForm(request.POST or None)
    status = 200
    if request.method == "POST" and therapist is not None:
        status = 422
        if form.is_valid():
            try:
                course = courses.open_course(by=request.user, patient=patient, therapist=therapist, **form.cleaned_data)
                messages.success(request, _("The course is open."))
                return redirect("sessions:course-detail", pk=course.pk)
            except courses.CourseRefused as refusal:
                status = 409
                form.add_error(None, str(refusal))
    record(by=request.user, action=Action.VIEW, obj="course", patient=patient)
    context = {
        "patient": patient,
        "form": form,
        "missing": courses.missing_consents(patient),
        "running": courses.running_course(patient, therapist) if therapist else None,
        "therapist": therapist,
        "templates": outline.templates_at_a_glance(),
    }
    return render(request, "sessions/course/create.html", context, status=status)


@roles(*CLINICIANS)
def course_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Course.objects.visible_to(request.user).select_related("patient", "therapist__user")
    course = get_object_or_404(rows, pk=pk)
    record(by=request.user, action=Action.VIEW, obj=course, patient=course.patient_id)
    context = {
        "course": course,
        "patient": course.patient,
        "outline": outline.of_course(course),
        "visits": outline.visits(course),
        "is_own": course.therapist.user_id == request.user.pk,
        "moves": list(course.moves.select_related("moved_by").order_by("moved_at", "pk")),
    }
    return render(request, "sessions/course/detail.html", context)


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def course_extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Why a course goes on past its planned sessions; its therapist says so."""
    rows = Course.objects.visible_to(request.user).filter(therapist__user=request.user)
    course = get_object_or_404(rows.select_related("patient", "therapist__user"), pk=pk)
    form, status = ExtensionForm(request.POST or None, initial={"reason": course.extension_reason}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                courses.extend(by=request.user, course=course, **form.cleaned_data)
                messages.success(request, _("Recorded."))
                return redirect("sessions:course-detail", pk=pk)
            except courses.CourseRefused as refusal:
                status = 409
                form.add_error(None, str(refusal))
    record(by=request.user, action=Action.VIEW, obj=course, patient=course.patient_id)
    context = {"course": course, "form": form, "outline": outline.of_course(course)}
    return render(request, "sessions/course/extend.html", context, status=status)


# -- The chart -------------------------------------------------------------------------------------------------------
@roles(*CLINICIANS)
def chart_detail(request: HttpRequest, patient_pk: int) -> HttpResponse:
    """One person at a glance: course, what is open, measures, homework, reading, the last note."""
    patient = patient_of(request, patient_pk)
    record(by=request.user, action=Action.VIEW, obj="chart", patient=patient)
    course = Course.objects.filter(patient=patient).select_related("therapist__user").order_by("-opened_at").first()
    context = {
        "patient": patient,
        "course": course,
        "outline": outline.of_course(course) if course and course.started_at else None,
        "alerts": list(alerts.open_alerts(patient)),
        "measures": outline.measures_at_a_glance(patient, measures_for_note(patient)),
        "homework": outline.homework_at_a_glance(patient),
        "reading": reading_of(patient)[:5],
        "last": ProgressNote.objects.signed()
        .filter(patient=patient)
        .select_related("session__course", "appointment")
        .order_by("-appointment__starts_at")
        .first(),
        "outcomes": list(patient.consultation_outcomes.select_related("recorded_by").order_by("-recorded_at")),
    }
    return render(request, "sessions/chart/detail.html", context)


@roles(*CLINICIANS)
def chart_notes(request: HttpRequest, patient_pk: int) -> HttpResponse:
    """Every note of one person, newest first, drafts marked."""
    patient = patient_of(request, patient_pk)
    record(by=request.user, action=Action.VIEW, obj="notes", patient=patient)
    rows = ProgressNote.objects.visible_to(request.user).filter(patient=patient)
    rows = rows.select_related("session__course", "appointment", "author").prefetch_related("addenda")
    context = {"patient": patient, "notes": rows.order_by("-appointment__starts_at")}
    return render(request, "sessions/chart/notes.html", context)
