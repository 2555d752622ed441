"""Pages of the library, of a patient's reading, and of what a therapist gives to read."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from education import articles
from education.articles import AlreadyAssigned, NotAssignable
from education.forms import AssignmentForm, FinishForm, QuestionForm
from education.models import ArticleAssignment, ArticleVersion
from practice.access import roles
from practice.audit import Action, record
from practice.models import Patient
from practice.roles import Role

CLINICIAN = (Role.THERAPIST, Role.TRAINEE, Role.SUPERVISOR)


@login_not_required
@require_GET
def article_list(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    reading: list[ArticleAssignment] = []
    if is_patient(request) and not words:
        reading = list(articles.own_reading(request.user))
        record(by=request.user, action=Action.VIEW, obj="reading", patient=request.user.patient)
    context = {"words": words, "reading": reading, "texts": articles.library(request.user, words)}
    return render(request, "education/article/list.html", context)


@login_not_required
@require_GET
def article_detail(request: HttpRequest, slug: str) -> HttpResponse:
    text = articles.library(request.user).filter(article__slug=slug).first()
    if text is None:
        raise Http404
    assignment = None
    if is_patient(request):
        assignment = articles.own_reading(request.user).filter(article_version__article=text.article).first()
    if assignment is not None:
        record(by=request.user, action=Action.VIEW, obj=assignment, patient=assignment.patient_id)
    return article_page(request, text, assignment)


def is_patient(request: HttpRequest) -> bool:
    return request.user.is_authenticated and Role.PATIENT in request.user.roles


def article_page(
    request: HttpRequest,
    text: ArticleVersion,
    assignment: ArticleAssignment | None = None,
    form: QuestionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The article, with the reader's own part under it when a therapist gave it: finish it, or afterwards ask."""
    if assignment is not None and form is None:
        asked = {"question": assignment.question_text}
        form = QuestionForm(initial=asked) if assignment.finished_at else FinishForm(initial=asked)
    context = {
        "text": text,
        "assignment": assignment,
        "form": form,
        "related": articles.related_to(text, request.user),
        "address": request.build_absolute_uri(request.path) if assignment is None else "",
    }
    return render(request, "education/article/detail.html", context, status=status)


def own_assignment(request: HttpRequest, pk: int) -> tuple[ArticleAssignment, ArticleVersion]:
    """The patient's own assignment with the text in force; 404 for anybody else's, and while no text is in force."""
    assignment = get_object_or_404(articles.own_reading(request.user), pk=pk)
    text = articles.library(request.user).filter(article=assignment.article_version.article_id).first()
    if text is None:
        raise Http404
    return assignment, text


@roles(Role.PATIENT)
@require_POST
def article_open(request: HttpRequest, pk: int) -> HttpResponse:
    assignment, text = own_assignment(request, pk)
    articles.open(by=request.user, assignment=assignment)
    return redirect("education:article-detail", slug=text.article.slug)


@roles(Role.PATIENT)
@require_POST
def article_finish(request: HttpRequest, pk: int) -> HttpResponse:
    assignment, text = own_assignment(request, pk)
    form = FinishForm(request.POST)
    if not form.is_valid():
        return article_page(request, text, assignment, form, status=422)
    articles.finish(by=request.user, assignment=assignment, **form.cleaned_data)
    messages.success(request, _("Marked as read. Your therapist sees it before the next session."))
    return redirect("education:article-list")


@roles(Role.PATIENT)
@require_POST
def article_ask(request: HttpRequest, pk: int) -> HttpResponse:
    assignment, text = own_assignment(request, pk)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        return article_page(request, text, assignment, form, status=422)
    articles.ask(by=request.user, assignment=assignment, question=form.cleaned_data["question"])
    messages.success(request, _("Your question is saved for your therapist."))
    return redirect("education:article-detail", slug=text.article.slug)


@roles(*CLINICIAN)
@require_GET
def assignment_list(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=patient_pk)
    record(by=request.user, action=Action.VIEW, obj="reading", patient=patient)
    context = {"patient": patient, "reading": articles.reading_of(patient)}
    return render(request, "education/assignment/list.html", context)


@roles(*CLINICIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def assignment_create(request: HttpRequest, patient_pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=patient_pk)
    given = patient.reading.filter(finished_at__isnull=True).values_list("article_version__article", flat=True)
    form = AssignmentForm(request.POST or None, given=frozenset(given))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                articles.assign(by=request.user, patient=patient, **form.cleaned_data)
                messages.success(request, _("Given to read. It is on the patient's reading page now."))
                return redirect("education:assignment-list", patient_pk=patient.pk)
            except AlreadyAssigned:
                status = 409
                form.add_error("article", _("The patient has this one and has not finished it yet."))
            except NotAssignable:
                status = 409
                form.add_error("article", _("This text is being checked and cannot be given now."))
    record(by=request.user, action=Action.VIEW, obj="reading", patient=patient, detail={"page": "assign"})
    return render(request, "education/assignment/create.html", {"patient": patient, "form": form}, status=status)
