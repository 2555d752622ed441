"""What surrounds every request: an id, one log line by route name, login by default, private answers kept out of caches."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse

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


class AccessMiddleware(LoginRequiredMiddleware):
    """Deny by default. An htmx request without a session gets 401 and no page, so that typed text stays on screen.

    Whatever a signed-in person is shown stays out of every cache, the browser's included.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = super().__call__(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401)
        return super().handle_no_permission(request, view_func)
