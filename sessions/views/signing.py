"""From draft to signature and after: the last look, the signed note, addenda, reading given, the risk form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from education.articles import AlreadyAssigned, NotAssignable
from education.forms import AssignmentForm
from intake import alerts
from intake.forms.alert import AssessmentForm
from practice.access import roles
from practice.audit import Action, record
from sessions import courses, documents, drafts, note_words, notes, proof
from sessions.forms.addendum import AddendumForm
from sessions.forms.note import SignForm
from sessions.models import ProgressNote
from sessions.views.note import AUTHORS, CLINICIANS, note_rows, own_draft
from sessions.views.note_page import anchor_of, visit_words


def open_draft(request: HttpRequest, pk: int) -> ProgressNote | None:
    """The author's draft, or None once it is signed."""
    note = own_draft(request, pk)
    return None if note.is_signed else note


@sensitive_post_parameters("proof")
@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def note_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The note as it will read, what is left, and the signature."""
    note = open_draft(request, pk)
    if note is None:
        return redirect("sessions:note-detail", pk=pk)
    if request.method != "POST":
        record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
        return sign_page(request, note, sign_form(request, note, initial={"version": note.version}))
    form = sign_form(request, note, data=request.POST)
    if not form.is_valid():
        return sign_page(request, note, form, status=422)
    try:
        proof.prove(request, form.cleaned_data.get("proof", ""))
        notes.sign(
            by=request.user,
            note=note,
            version=form.cleaned_data["version"],
            similar_is_meant=form.cleaned_data.get("similar", False),
            extension_reason=form.cleaned_data.get("extension_reason", ""),
        )
    except proof.NotProven as refusal:
        form.add_error("proof" if "proof" in form.fields else None, str(refusal))
        return sign_page(request, note, form, status=422)
    except notes.TooSimilar:  # perhaps only since the form was built, by a save or a signature meanwhile
        form = sign_form(request, note, is_similar=True, data=request.POST)
        form.add_error("similar", _("Nearly every word is that of last time. Say that it is meant so."))
        return sign_page(request, own_draft(request, pk), form, status=422)
    except drafts.NoteGone:
        return gone(request)
    except courses.ReasonMissing as refusal:  # the numbers moved since the form was built; now it has the field
        form = sign_form(request, note, past_plan=True, data=request.POST)
        form.add_error(None, sentence_of(refusal))
        return sign_page(request, own_draft(request, pk), form, status=409)
    except (
        drafts.StaleVersion, notes.Incomplete, drafts.NoteLocked, notes.NeedsCosignature, courses.CourseRefused,
    ) as refusal:  # fmt: skip
        form.add_error(None, sentence_of(refusal))
        return sign_page(request, own_draft(request, pk), form, status=409)
    messages.success(request, _("Signed. The patient can read it now."))
    return redirect("sessions:note-detail", pk=pk)


def gone(request: HttpRequest) -> HttpResponse:
    """The draft was empty and went with its visit while this page was open; it leads to what is left to write."""
    messages.error(request, _("The front desk took that visit back, and its empty draft went with it."))
    return redirect("sessions:note-list")


def sentence_of(refusal: Exception) -> str:
    sentences = {
        drafts.StaleVersion: _("The note changed in another window since you looked. Read it again before you sign."),
        notes.Incomplete: _("Something is left before signing."),
        drafts.NoteLocked: _("The note has just been signed in another window."),
        notes.NeedsCosignature: cosign_sentence(),
        courses.ReasonMissing: _("The session lies past the planned ones by now."),
    }
    return sentences.get(type(refusal)) or str(refusal)  # the course says itself why it refuses


def cosign_sentence() -> str:
    return _("Notes of a therapist in training are signed together with the supervisor. Until then your draft is kept.")


def sign_form(
    request: HttpRequest, note: ProgressNote, *, past_plan: bool = False, is_similar: bool = False, **kwargs: Any
) -> SignForm:
    """``past_plan``: ask why the course goes on, whatever the numbers were when ``note`` was read; ``is_similar``: ask
    whether the text is meant to be the same, however alike it was then."""
    return SignForm(
        by_passkey=not proof.can_type(request.user),
        is_similar=is_similar or notes.likeness(note) >= notes.SIMILAR_FROM,
        past_plan=past_plan or notes.wants_reason(note),
        **kwargs,
    )


def sign_page(request: HttpRequest, note: ProgressNote, form: SignForm, *, status: int = 200) -> HttpResponse:
    may_sign = notes.may_sign(request.user)
    context = {
        "note": note,
        "form": form,
        "name": note_words.name_of_note(note),
        "visit": visit_words(note.appointment),
        "sections": note_words.sections(documents.build(note)),
        "problems": [(problem, anchor_of(problem)) for problem in notes.left(note)],
        "clash": note.draft_versions.filter(is_clash=True).first(),
        "may_sign": may_sign,
        "refusal": "" if may_sign else cosign_sentence(),
        "needs_passkey": not proof.can_type(request.user) and not proof.shown_passkey(request),
    }
    return render(request, "sessions/note/sign.html", context, status=status)


# -- The signed note -------------------------------------------------------------------------------------------------
@roles(*CLINICIANS)
def note_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A note as text: signed, or a colleague's draft as it stands."""
    note = get_object_or_404(note_rows(request).select_related("signed_by"), pk=pk)
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    context = {
        "note": note,
        "name": note_words.name_of_note(note),
        "remark": note_words.remark_on_number(note.session),
        "visit": visit_words(note.appointment),
        "place": note_words.place_of(note.appointment),
        "sections": note_words.sections(note.document if note.is_signed else documents.build(note)),
        "addenda": list(note.addenda.select_related("author")),
        "may_write": notes.may_write(request.user, note),
        "may_add": note.is_signed and notes.may_sign(request.user),
    }
    return render(request, "sessions/note/detail.html", context)


@sensitive_post_parameters("proof")
@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def addendum_create(request: HttpRequest, pk: int) -> HttpResponse:
    note = get_object_or_404(note_rows(request).signed(), pk=pk)
    form = AddendumForm(request.POST or None, by_passkey=not proof.can_type(request.user))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                typed_proof, token = form.cleaned_data.pop("proof", ""), form.cleaned_data["token"]
                if not notes.addendum_of(by=request.user, note=note, token=token):  # a code of the app works only once
                    proof.prove(request, typed_proof)
                notes.add_addendum(by=request.user, note=note, **form.cleaned_data)
                messages.success(request, _("Added and signed."))
                return redirect("sessions:note-detail", pk=pk)
            except proof.NotProven as refusal:
                form.add_error("proof" if "proof" in form.fields else None, str(refusal))
            except drafts.NotTheAuthor:
                status = 409
                form.add_error(None, cosign_sentence())
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    context = {
        "note": note,
        "form": form,
        "name": note_words.name_of_note(note),
        "needs_passkey": not proof.can_type(request.user) and not proof.shown_passkey(request),
    }
    return render(request, "sessions/addendum/create.html", context, status=status)


# -- From the note ---------------------------------------------------------------------------------------------------
@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def note_reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an article to the patient with this note."""
    note = open_draft(request, pk)
    if note is None:
        return redirect("sessions:note-detail", pk=pk)
    given = note.patient.reading.filter(finished_at__isnull=True).values_list("article_version__article", flat=True)
    form = AssignmentForm(request.POST or None, given=frozenset(given))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            chosen = form.cleaned_data
            try:
                notes.give_article(by=request.user, note=note, article=chosen["article"], word=chosen["note"])
                messages.success(request, _("Given to read. It is on the patient's reading page now."))
                return redirect("sessions:note-edit", pk=pk)
            except AlreadyAssigned:
                status = 409
                form.add_error("article", _("The patient has this one and has not finished it yet."))
            except NotAssignable:
                status = 409
                form.add_error("article", _("This text is being checked and cannot be given now."))
            except drafts.NoteGone:
                return gone(request)
            except drafts.NoteLocked as refusal:
                status = 409
                form.add_error(None, sentence_of(refusal))
    record(by=request.user, action=Action.VIEW, obj="reading", patient=note.patient_id)
    return render(request, "sessions/note/reading.html", {"note": note, "form": form}, status=status)


@roles(*AUTHORS)
@require_http_methods(["GET", "HEAD", "POST"])
def note_risk(request: HttpRequest, pk: int) -> HttpResponse:
    """The structured risk form of clinical.md 7.4, opened by a risk check above "none".

    Sent after the note was signed in another window it is recorded all the same: it stands beside the note.
    """
    note = own_draft(request, pk)
    if note.is_signed and request.method != "POST":
        return redirect("sessions:note-detail", pk=pk)
    form = AssessmentForm(request.POST or None, today=alerts.today_here())
    alert = alerts.open_alerts(note.patient).filter(tier__in=alerts.URGENT).first()
    if request.method == "POST" and form.is_valid():
        try:
            alerts.assess(by=request.user, alert=alert, patient=note.patient, **form.facts())
        except alerts.AlertClosed:  # a colleague closed it while this form was open; the assessment stands by itself
            alerts.assess(by=request.user, patient=note.patient, **form.facts())
        messages.success(request, _("The assessment is recorded."))
        return redirect("sessions:note-detail" if note.is_signed else "sessions:note-edit", pk=pk)
    record(by=request.user, action=Action.VIEW, obj=note, patient=note.patient_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "sessions/note/risk.html", {"note": note, "form": form, "alert": alert}, status=status)
