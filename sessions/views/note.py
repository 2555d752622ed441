"""Writing a note: the form, its saving, two windows, homework lines and reading from it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practice.access import roles
from practice.audit import Action, record
from practice.models import Appointment, Patient
from practice.roles import Role
from sessions import desk, drafts, note_fields, note_words, notes, risk_check
from sessions.forms.note import read
from sessions.models import NoteDraftVersion, ProgressNote
from sessions.views.note_page import differences, edit_context, keys_that_differ, merged

CLINICIANS = (Role.THERAPIST, Role.TRAINEE, Role.SUPERVISOR)
AUTHORS = (Role.THERAPIST, Role.TRAINEE)
# Where "save and then" may lead.
NEXT_PAGES = {"sign": "sessions:note-sign", "reading": "sessions:note-reading", "risk": "sessions:note-risk"}
NEXT_OF_SESSION = {"kind": "sessions:session-kind"}


def note_rows(request: HttpRequest):
    rows = ProgressNote.objects.visible_to(request.user)
    return rows.select_related("patient", "author", "session__course", "appointment__room", "appointment__therapist")


def own_draft(request: HttpRequest, pk: int) -> ProgressNote:
    """A note of this author that may be opened for writing; 404 for anybody else, signed or not."""
    return get_object_or_404(note_rows(request).filter(author=request.user), pk=pk)


def hands_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is sent to a draft that went with its visit is handed back; a bare 404 would lose it, and a risk answer."""

    @wraps(view)
    def run(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, pk, **kwargs)
        except (Http404, drafts.NoteGone):
            if request.method != "POST" or ProgressNote.objects.filter(pk=pk).exists():
                raise
            return gone_page(request, pk)

    return run


@roles(*CLINICIANS)
def note_list(request: HttpRequest) -> HttpResponse:
    record(by=request.user, action=Action.VIEW, obj="notes")
    return render(request, "sessions/note/list.html", {"desk": desk.desk_of(request.user), "now": timezone.now()})


@require_POST
@roles(*AUTHORS)
def note_start(request: HttpRequest, appointment_pk: int) -> HttpResponse:
    """Begin the contact note of a missed visit."""
    mine = Appointment.objects.visible_to(request.user).filter(therapist__user=request.user)
    appointment = get_object_or_404(mine.select_related("type", "therapist__user", "patient"), pk=appointment_pk)
    try:
        note = notes.begin_contact_note(by=request.user, appointment=appointment)
    except notes.NoVisit:
        messages.error(request, _("A contact note belongs to a visit that was missed or cancelled late."))
        return redirect("sessions:note-list")
    return redirect("sessions:note-edit", pk=note.pk)


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
@hands_back
def note_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor. A POST saves the draft whole and goes where ``then`` says, or back here."""
    note = own_draft(request, pk)
    if request.method == "POST":
        return save_and_go(request, note, request.GET.get("then", ""))
    if note.is_signed:
        return redirect("sessions:note-detail", pk=pk)
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    return render(request, "sessions/note/edit.html", edit_context(note, check="check" in request.GET))


def save_and_go(request: HttpRequest, note: ProgressNote, then: str, change: Any = None) -> HttpResponse:
    """Save what was typed, after ``change`` to its content if there is one; then the page it asks for."""
    content = typed_content(request, note)
    try:
        saved = drafts.save_draft(
            by=request.user,
            note=note,
            content=change(content) if change else content,
            version=number_in(request, "version"),
            window=request.POST.get("window", ""),
            turn=number_in(request, "turn"),
        )
    except drafts.StaleVersion as stale:
        return clash_page(request, stale.note, clash_of(request, note), status=409)
    except drafts.NoteLocked:
        return locked_page(request, note, content)
    if note_fields.risk_is_above_none(content) and not risk_check.has_form(saved) and then != "risk":
        messages.warning(request, _("The risk check asks for the structured form. The responders have been told."))
    if then in NEXT_PAGES:
        return redirect(NEXT_PAGES[then], pk=note.pk)
    if then in NEXT_OF_SESSION and note.session_id:
        return redirect(reverse(NEXT_OF_SESSION[then], args=[note.session_id]) + "?back=note")
    return redirect(reverse("sessions:note-edit", args=[note.pk]) + ("#homework" if change else ""))


def typed_content(request: HttpRequest, note: ProgressNote) -> dict[str, Any]:
    """What was typed; where the note has got another form since its window was opened, told in the words of that."""
    kind = request.POST.get("kind", note.kind)
    if kind not in note_fields.EVERY:
        kind = note.kind
    return note_words.carried(read(request.POST, kind), kind, note.kind)


def number_in(request: HttpRequest, key: str) -> int:
    typed = request.POST.get(key, "")
    return int(typed) if typed.isdigit() and len(typed) < 9 else 0


def clash_of(request: HttpRequest, note: ProgressNote) -> NoteDraftVersion:
    return note.draft_versions.get(is_clash=True, window=request.POST.get("window", "")[:40])


def locked_page(request: HttpRequest, note: ProgressNote, content: dict[str, Any]) -> HttpResponse:
    """The note was signed in another window: say so, and hand back what was typed here and is not in it."""
    note.refresh_from_db(fields=["content"])
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    context = {
        "note": note,
        "error_title": True,
        "typed": typed_besides(note, content),
        "risk_is_told": note_fields.risk_is_above_none(content),
    }
    return render(request, "sessions/note/locked.html", context, status=409)


def gone_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk took the visit back while its empty draft was open: heed the risk answer, hand back what was typed."""
    written_for = drafts.visit_by_word(request.POST.get("visit", ""), by=request.user, note_pk=pk)
    visit = get_object_or_404(Appointment.objects.select_related("patient"), pk=written_for, patient__isnull=False)
    kind = request.POST.get("kind", "")
    content = read(request.POST, kind if kind in note_fields.EVERY else note_fields.SESSION)
    record(by=request.user, action=Action.VIEW, obj=visit, patient=visit.patient_id)
    risk_check.heed_gone(by=request.user, visit=visit, content=content)
    if request.htmx:
        return JsonResponse({"gone": reverse("sessions:note-list")}, status=409)
    context = {
        "visit": visit,
        "may_open": Patient.objects.visible_to(request.user).filter(pk=visit.patient_id).exists(),
        "note": ProgressNote.objects.drafts().filter(appointment=visit, author=request.user).first(),
        "error_title": True,
        "typed": [(note_words.label_of(key), note_words.shown(key, value)) for key, value in content.items() if value],
        "risk_is_told": note_fields.risk_is_above_none(content),
    }
    return render(request, "sessions/note/gone.html", context, status=409)


def typed_besides(note: ProgressNote, content: dict[str, Any]) -> list[tuple[str, str]]:
    """Every part of a content, with its label, that the signed note does not hold like this; to copy elsewhere."""
    other = [key for key in keys_that_differ(note, content) if content.get(key)]
    return [(note_words.label_of(key), note_words.shown(key, content[key])) for key in other]


@require_POST
@roles(*AUTHORS)
@hands_back
def note_autosave(request: HttpRequest, pk: int) -> JsonResponse:
    """Save in the background; the answer carries the new version and what is left before signing.

    ``overtaken`` says that the note holds a later text than the one sent, and whether it was "known", so that whoever
    wrote the later one built on it.
    """
    note = own_draft(request, pk)
    content = typed_content(request, note)
    try:
        note = drafts.save_draft(
            by=request.user,
            note=note,
            content=content,
            version=number_in(request, "version"),
            window=request.POST.get("window", ""),
            turn=number_in(request, "turn"),
        )
    except drafts.StaleVersion:
        clash = clash_of(request, note)
        url = reverse("sessions:note-compare", args=[note.pk, clash.pk])
        return JsonResponse({"clash": url}, status=409)
    except drafts.NoteLocked:
        return JsonResponse({"locked": reverse("sessions:note-detail", args=[note.pk])}, status=409)
    context = edit_context(note, check=False)
    html = render_to_string("sessions/note/left.html", context, request)
    state = render_to_string("sessions/note/saved.html", context, request)
    parts = {block.key: str(block.state) for block in context["blocks"]}
    answer = {"version": note.version, "left": html, "saved": state, "parts": parts}
    if note.content != content:
        sent = (request.POST.get("window", ""), number_in(request, "turn"))
        answer["overtaken"] = "known" if drafts.is_known(note, content, *sent) else "unknown"
    return JsonResponse(answer)


# -- Homework lines, without script ----------------------------------------------------------------------------------
@require_POST
@roles(*AUTHORS)
@hands_back
def note_homework_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Save, and give one more empty line: the editor always shows one."""
    return save_and_go(request, own_draft(request, pk), "", change=lambda content: content)


@require_POST
@roles(*AUTHORS)
@hands_back
def note_homework_remove(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """Save without the line at that place, counted from 0 as the page showed them."""

    def without(content: dict[str, Any]) -> dict[str, Any]:
        rows = zip(request.POST.getlist("homework_text"), request.POST.getlist("homework_often"), strict=False)
        kept = [{"text": t, "how_often": o} for n, (t, o) in enumerate(rows) if n != place and (t or o)]
        return {key: value for key, value in {**content, "homework": kept}.items() if value}

    return save_and_go(request, own_draft(request, pk), "", change=without)


# -- Two windows -----------------------------------------------------------------------------------------------------
@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def note_compare(request: HttpRequest, pk: int, clash_pk: int) -> HttpResponse:
    """Two texts of one note side by side; the author says of every difference what stays."""
    note = own_draft(request, pk)
    clash = get_object_or_404(note.draft_versions.filter(is_clash=True), pk=clash_pk)
    if request.method != "POST":
        record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
        return clash_page(request, note, clash)
    content, undecided = merged(note, clash, request.POST)
    if undecided:
        return clash_page(request, note, clash, status=422, undecided=undecided)
    try:
        drafts.settle(by=request.user, note=note, content=content, version=number_in(request, "version"), clash=clash)
    except drafts.StaleVersion as stale:
        return clash_page(request, stale.note, clash, status=409)
    except drafts.NoteLocked:
        return locked_page(request, note, content)
    messages.success(request, _("Both texts are one now."))
    return redirect("sessions:note-edit", pk=pk)


def clash_page(
    request: HttpRequest, note: ProgressNote, clash: NoteDraftVersion, *, status: int = 200, undecided: Any = ()
) -> HttpResponse:
    context = {
        "note": note,
        "clash": clash,
        "differences": differences(note, clash, chosen=request.POST, undecided=undecided),
        "error_title": status != 200,
        "undecided": undecided,
        "window": uuid.uuid4().hex,
    }
    return render(request, "sessions/note/compare.html", context, status=status)
