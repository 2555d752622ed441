"""The patient's own pages: how far the course is, what to try, and the notes once they are signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from practice.access import roles
from practice.audit import Action, record
from practice.models import Patient
from practice.roles import Role
from practice.start import next_appointment
from sessions import homework, note_words, outline
from sessions.models import ProgressNote
from sessions.views.note_page import visit_words

LATEST = 3


@roles(Role.PATIENT)
def patient_course(request: HttpRequest) -> HttpResponse:
    patient = get_object_or_404(Patient, user=request.user)
    course = outline.current_course(patient)
    record(by=request.user, action=Action.VIEW, obj=course or "course", patient=patient)
    notes = own_notes(request)
    context = {
        "patient": patient,
        "course": course,
        "outline": outline.of_course(course) if course else None,
        "homework": homework.current_for(patient),
        "appointment": next_appointment(patient),
        "notes": notes[:LATEST],
    }
    return render(request, "sessions/patient/course.html", context)


@roles(Role.PATIENT)
def patient_note_list(request: HttpRequest) -> HttpResponse:
    patient = get_object_or_404(Patient, user=request.user)
    record(by=request.user, action=Action.VIEW, obj="notes", patient=patient)
    return render(request, "sessions/patient/notes.html", {"notes": own_notes(request)})


@roles(Role.PATIENT)
def patient_note(request: HttpRequest, pk: int) -> HttpResponse:
    """A signed note as the patient reads it: the gist first, then every word of it."""
    note = get_object_or_404(own_notes(request), pk=pk)
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    first, sections = note_words.for_patient(note.document)
    context = {
        "note": note,
        "visit": visit_words(note.appointment),
        "first": first,
        "sections": sections,
        "addenda": list(note.addenda.select_related("author")),
    }
    return render(request, "sessions/patient/note.html", context)


def own_notes(request: HttpRequest):
    rows = ProgressNote.objects.visible_to(request.user).signed()
    return rows.select_related("author", "session__course", "appointment").order_by("-appointment__starts_at")
