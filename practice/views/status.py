"""How the machinery is: for a proxy (healthz, readyz), for an alarm (statusz), for people (the status page)."""

from __future__ import annotations

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.access import roles
from practice.roles import Role
from practice.status import Light, Part, look, worst


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. It asks nothing of anybody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration of this code: all that a proxy may act on."""
    try:
        missing = migrations_of_code() - MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return HttpResponse("database does not answer\n", content_type="text/plain", status=503)
    if missing:
        return HttpResponse(f"{len(missing)} migrations missing\n", content_type="text/plain", status=503)
    return HttpResponse("ready\n", content_type="text/plain")


@login_not_required
@require_safe
def statusz(request: HttpRequest) -> JsonResponse:
    """Every light as JSON; 503 when one is red. At most counts and ages, so that an alarm needs no account."""
    try:
        parts = look()
    except DatabaseError:
        return uncached({"light": Light.RED, "database": "does not answer"}, 503)
    light = worst(parts)
    body = {"light": light, "database": "answers"} | {part.key: public(part) for part in parts}
    return uncached(body, 503 if light == Light.RED else 200)


def public(part: Part) -> dict:
    figure = {} if part.is_internal else {"count" if part.is_count else "seconds": part.figure}
    return {"light": part.light} | figure


@roles(Role.MANAGER)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The same for people, in words."""
    parts = look()
    still = any(part.light == Light.RED and not part.advice for part in parts)
    context = {"parts": parts, "light": worst(parts), "stands_still": still, "now": timezone.now()}
    return render(request, "practice/status/page.html", context)


def uncached(body: dict, status: int) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})


@cache
def migrations_of_code() -> frozenset[tuple[str, str]]:
    """Every migration on disk; it cannot change while this process runs."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
