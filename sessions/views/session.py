"""The page on which the treating therapist says what an attended visit was."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice.access import roles
from practice.audit import Action, record
from sessions import kinds, note_words, numbering
from sessions.forms.session import KindForm
from sessions.models import TherapySession
from sessions.views.note import AUTHORS
from sessions.views.note_page import visit_words


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def session_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """What the visit was, with what each choice does to the numbers of the course; refused once the note is signed."""
    rows = TherapySession.objects.visible_to(request.user).filter(therapist__user=request.user)
    session = get_object_or_404(rows.select_related("patient", "course", "appointment", "note"), pk=pk)
    form, status = kind_form(request, session), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                seen = request.POST.get("seen") or "unknown"
                session = kinds.say_kind(by=request.user, session=session, as_seen=seen, **form.cleaned_data)
                messages.success(request, _("Recorded: %(what)s.") % {"what": note_words.session_words(session)})
                return redirect(way_back(request, session))
            except numbering.SessionGone:
                messages.error(request, _("This visit is no longer marked as attended. Nothing was recorded."))
                return redirect("sessions:chart-detail", session.patient_id)
            except numbering.NumbersMoved:
                status = 409
                form.add_error(None, _("The numbers of the course have just changed. Look again, then record it."))
            except numbering.SessionSigned:
                status = 409
                session.refresh_from_db()
    record(by=request.user, action=Action.VIEW, obj=session, patient=session.patient_id)
    context = {
        "session": session,
        "form": form,
        "seen": numbering.marks_of(session.course),
        "name": note_words.session_words(session),
        "visit": visit_words(session.appointment),
        "back": way_back(request, session),
        "error_title": status != 200,
    }
    return render(request, "sessions/session/kind.html", context, status=status)


def kind_form(request: HttpRequest, session: TherapySession) -> KindForm:
    now = kinds.choice_of(session)
    notes = {choice: kinds.words_of(outlook) for choice, outlook in kinds.outlooks(session).items()}
    notes[now] = _("That is what it is now: %(name)s.") % {"name": note_words.session_words(session)}
    return KindForm(request.POST or None, initial={"choice": now}, notes=notes)


def way_back(request: HttpRequest, session: TherapySession) -> str:
    """Where the person came from: the note, or the course; the record of a person without a course."""
    note = getattr(session, "note", None)
    if request.GET.get("back") == "note" and note is not None:
        return reverse("sessions:note-detail" if note.is_signed else "sessions:note-edit", args=[note.pk])
    if session.course_id:
        return reverse("sessions:course-detail", args=[session.course_id])
    return reverse("sessions:chart-detail", args=[session.patient_id])
