"""Registration and agreements: a list of steps, each on its own page, saved on its own, to be changed later."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intake import consent, registration
from intake.forms.registration import FORMS, AgreementForm, EmergencyForm
from intake.models import Registration
from intake.views.loaders import posted
from practice.access import roles
from practice.audit import Action, record
from practice.consents import NothingToWithdraw, withdraw_consent
from practice.models import Patient
from practice.models.consent import ConsentType
from practice.roles import Role
from practice.views.visitor import origin

TITLES = {
    "you": gettext_lazy("Your name and date of birth"),
    "home": gettext_lazy("Where you live"),
    "needs": gettext_lazy("What makes visits easier"),
    "contact": gettext_lazy("How we may reach you"),
    "emergency": gettext_lazy("In an emergency"),
}
SAVE = {
    "you": registration.save_you,
    "home": registration.save_home,
    "needs": registration.save_needs,
    "contact": registration.save_contact,
    "emergency": registration.save_emergency,
}


def own_registration(request: HttpRequest) -> tuple[Patient, Registration | None]:
    patient = request.user.patient
    return patient, Registration.objects.filter(patient=patient).first()


@roles(Role.PATIENT)
@require_GET
def registration_start(request: HttpRequest) -> HttpResponse:
    patient, row = own_registration(request)
    done = row.done if row else []
    steps = [{"key": key, "title": TITLES[key], "done": key in done} for key in registration.STEPS]
    agreements = [entry for entry in consent.agreements(patient) if entry.is_signed]
    left = sum(not step["done"] for step in steps) + sum(entry.is_open for entry in agreements)
    context = {"steps": steps, "agreements": agreements, "left": left, "go_on": place(registration.next_place(patient))}
    record(by=request.user, action=Action.VIEW, obj="registration", patient=patient)
    return render(request, "intake/registration/start.html", context)


def place(where: tuple[str, str]) -> str:
    """The address where registration goes on."""
    kind, name = where
    if kind == "done":
        return resolve("intake:registration-done")
    return resolve("intake:registration-step", name) if kind == "step" else resolve("intake:consent-sign", name)


def resolve(name: str, *args: str) -> str:
    return redirect(name, *args).url


@roles(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def registration_step(request: HttpRequest, step: str) -> HttpResponse:
    if step not in registration.STEPS:
        raise Http404
    patient, row = own_registration(request)
    options = {"own_phone": patient.phone} if FORMS[step] is EmergencyForm else {}
    if request.method != "POST":
        initial = initial_of(step, patient, row)
        record(by=request.user, action=Action.VIEW, obj="registration", patient=patient, detail={"step": step})
        return step_page(request, step, FORMS[step](initial=initial, **options), row)
    form = FORMS[step](request.POST, **options)
    if not form.is_valid():
        return step_page(request, step, form, row)
    save_step(request, step, patient, form.cleaned_data)
    if is_finished(row):
        messages.success(request, _("Saved."))
        return redirect("intake:registration-start")
    if "rest" in request.POST:
        messages.success(request, _("Saved. Go on whenever you like."))
        return redirect("practice:today")
    return redirect(place(registration.next_place(patient)))


def is_finished(row: Registration | None) -> bool:
    """Whether registration was finished before; what comes now are changes."""
    return row is not None and row.finished_at is not None


def initial_of(step: str, patient: Patient, row: Registration | None) -> dict[str, object]:
    """What is known already. E-mail and texts stand as they were decided last; both begin with no."""
    found = FORMS[step].initial_of(patient, row)
    if step == "contact":
        given = {entry.text.type for entry in consent.agreements(patient) if entry.is_given}
        found["may_email"] = "yes" if ConsentType.EMAIL in given else "no"
        found["may_text"] = "yes" if ConsentType.SMS in given else "no"
    return found


def save_step(request: HttpRequest, step: str, patient: Patient, facts: dict[str, object]) -> None:
    if step == "contact":
        facts["origin"] = origin(request)
    facts.pop("has_contact", None)
    SAVE[step](by=request.user, patient=patient, **facts)


def step_page(request: HttpRequest, step: str, form, row: Registration | None) -> HttpResponse:
    number = registration.STEPS.index(step) + 1
    context = {
        "form": form,
        "step": step,
        "title": TITLES[step],
        "number": number,
        "total": len(registration.STEPS) + len(consent.SIGNED),
        "back": registration.STEPS[number - 2] if number > 1 else "",
        "is_change": is_finished(row),
    }
    return render(request, "intake/registration/step.html", context, status=422 if form.errors else 200)


@roles(Role.PATIENT)
@require_GET
def registration_done(request: HttpRequest) -> HttpResponse:
    patient = request.user.patient
    if registration.next_place(patient)[0] != "done":
        return redirect("intake:registration-start")
    return render(request, "intake/registration/done.html", {"missing": consent.consents_complete(patient)})


# -- Agreements --------------------------------------------------------------------------------------------------------
def own_agreement(request: HttpRequest, slug: str) -> consent.Agreement:
    found = [entry for entry in consent.agreements(request.user.patient) if entry.slug == slug]
    if not found:
        raise Http404
    return found[0]


@roles(Role.PATIENT)
@require_GET
def consent_list(request: HttpRequest) -> HttpResponse:
    patient = request.user.patient
    record(by=request.user, action=Action.VIEW, obj="consents", patient=patient)
    return render(request, "intake/consent/list.html", {"agreements": consent.agreements(patient)})


@roles(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_sign(request: HttpRequest, slug: str) -> HttpResponse:
    agreement = own_agreement(request, slug)
    if not agreement.is_signed:
        raise Http404
    acknowledges = agreement.text.type == ConsentType.NPP_ACK
    form = AgreementForm(posted(request), acknowledges=acknowledges)
    patient = request.user.patient
    if request.method == "POST" and form.is_valid():
        registration.sign(
            by=request.user,
            patient=patient,
            agreement=agreement,
            agrees=form.cleaned_data["decision"],
            signed_name=form.cleaned_data["signed_name"],
            origin=origin(request),
        )
        return redirect(place(registration.next_place(patient)))
    context = {"agreement": agreement, "form": form, "body": consent.as_html(agreement.text)}
    return render(request, "intake/consent/sign.html", context, status=422 if form.errors else 200)


@roles(Role.PATIENT)
@require_POST
def consent_withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    agreement = own_agreement(request, slug)
    try:
        withdraw_consent(
            by=request.user, patient=request.user.patient, type=agreement.text.type, origin=origin(request)
        )
        messages.success(request, _("Taken back. It counts from now on; what was done before stays."))
    except NothingToWithdraw:
        messages.info(request, _("This was not in force."))
    return redirect("intake:consent-list")
