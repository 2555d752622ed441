"""The demo's front door: step in as anybody with one click. Its addresses exist in the demo setting only."""

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice import audit, presence
from practice.demo.clinic import PASSWORD
from practice.demo.stepping import STEPS, VISITOR, NobodyThere, person_for
from practice.models import User


def only_in_demo() -> None:
    """The second lock: the first is that production has no such address."""
    if not settings.DEMO:
        raise Http404


@login_not_required
def demo_start(request: HttpRequest) -> HttpResponse:
    only_in_demo()
    return render(request, "practice/demo/start.html", {"password": PASSWORD})


@login_not_required
@require_POST
def demo_step_in(request: HttpRequest, step: str) -> HttpResponse:
    only_in_demo()
    if step not in STEPS:
        raise Http404
    logout(request)
    if step == VISITOR:
        return redirect("practice:home")
    try:
        step_in(request, person_for(step))
    except NobodyThere:
        messages.warning(request, _("The demo clinic is empty. Build it with: python3 manage.py demo"))
        return redirect("practice:demo-start")
    return redirect("practice:today")


def step_in(request: HttpRequest, user: User) -> None:
    """Sign in without password and second factor, which only the fictional people of the demo allow."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, method="demo")
    presence.begin(request.session, timezone.now(), second_factor=True)
    audit.record(by=user, action=audit.Action.SIGN_IN, obj=user, detail={"demo": True})
