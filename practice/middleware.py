"""What surrounds every request: an id, one log line by route name, login by default, private answers kept uncached."""

import time
import uuid
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone

from practice import audit, presence
from practice.models import User

log = structlog.get_logger("evenkeel.web")


class RequestLogMiddleware:
    """Bind a request id and log the route's name, never the path: paths carry private tokens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        began = time.perf_counter()
        response = self.get_response(request)
        match = getattr(request, "resolver_match", None)
        if response.status_code >= 500 or (match and match.view_name not in QUIET):
            log.info(
                "request",
                method=request.method,
                route=match.view_name if match else "unknown",
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000),
            )
        return response


QUIET = {"practice:healthz", "practice:readyz", "practice:statusz"}

# What a member of staff without a second factor reaches: the pages that set one up, the way out, and help.
SET_UP = "mfa_index"
REACHED_WITHOUT_SECOND_FACTOR = {
    SET_UP,
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "account_logout",
    "practice:help-now",
}
POLLS = "X-Evenkeel-Poll"  # set by what a page asks for by itself, so that an open page is not taken for a person


class AccessMiddleware(LoginRequiredMiddleware):
    """Deny by default, end sign-ins that are over, and hold back staff who have no second factor yet.

    An htmx request without a session gets 401 and no page, at most the sentence that says why, so that typed text stays
    on screen. Whatever a signed-in person is shown stays out of every cache, the browser's included. A refusal is
    recorded after the view has ended, in a transaction of its own, so that nothing the view rolls back takes the record
    with it.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.end_or_continue(request, request.user)
        response = super().__call__(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
            match = request.resolver_match
            if response.status_code == 404 and match is not None:
                pk = match.kwargs.get("pk")
                audit.record(
                    by=request.user,
                    action=audit.Action.DENIED,
                    obj=match.view_name,
                    detail={"method": request.method, "pk": pk} if isinstance(pk, int) else {"method": request.method},
                )
        return response

    def end_or_continue(self, request: HttpRequest, user: User) -> None:
        now = timezone.now()
        why = presence.why_over(request.session, now, staff=user.is_staff_member)
        if why is not None:
            audit.record(by=user, action=audit.Action.SIGN_OUT, obj=user, detail={"why": "time"})
            logout(request)
            presence.tell(request.session, why)
        elif POLLS not in request.headers:
            presence.touch(request.session, now)

    def process_view(self, request: HttpRequest, view_func, view_args, view_kwargs) -> HttpResponse | None:
        user = request.user
        if (
            user.is_authenticated
            and not request.session.get(presence.SECOND_FACTOR)
            and user.is_staff_member
            and request.resolver_match.view_name not in REACHED_WITHOUT_SECOND_FACTOR
        ):
            return HttpResponseRedirect(reverse(SET_UP))
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(presence.told(request.session), status=401, content_type="text/plain; charset=utf-8")
        query = {self.redirect_field_name: way_back(request)}
        if request.method == "POST":
            query["ended"] = "unsent"
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}")


def way_back(request: HttpRequest) -> str:
    """Where to go after signing in: the page asked for; for something sent, the page it was typed on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    return page.path if page.path and page.netloc == request.get_host() else resolve_url(settings.LOGIN_REDIRECT_URL)
