"""Error pages: calm, in the shell of the site, without a word about the inside."""

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from practice import patience


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", {"demo": settings.DEMO}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort: 503 where the database was away or took too long, else 500. Neither page asks it anything."""
    if patience.is_at_an_end(sys.exc_info()[1]):
        return too_slow()
    return render(None, "500.html", status=500)


def too_slow() -> HttpResponse:
    response = render(None, "503.html", status=503)
    response.headers["Retry-After"] = "30"
    return response
