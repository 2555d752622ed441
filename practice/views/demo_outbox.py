"""The demo's outbox: every message Evenkeel would have sent, readable by anybody. It has no address in production."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from practice import calendar_file, outbox_folder
from practice.outbox_folder import Delivered

NEWEST = 60


@login_not_required
@require_safe
def demo_outbox(request: HttpRequest) -> HttpResponse:
    only_in_demo()
    return render(request, "practice/demo/outbox.html", {"deliveries": outbox_folder.newest(NEWEST), "newest": NEWEST})


@login_not_required
@require_safe
def demo_letter(request: HttpRequest, key: UUID) -> HttpResponse:
    return render(request, "practice/demo/letter.html", {"delivered": found(key)})


@login_not_required
@require_safe
def demo_calendar(request: HttpRequest, key: UUID) -> HttpResponse:
    """The .ics of a letter, with the type it was mailed with."""
    letter = found(key).letter
    if not letter.calendar:
        raise Http404
    return HttpResponse(
        letter.calendar,
        content_type=calendar_file.content_type(letter.method),
        headers={"Content-Disposition": f'attachment; filename="{calendar_file.FILE_NAME}"'},
    )


def found(key: UUID) -> Delivered:
    only_in_demo()
    delivered = outbox_folder.find(key)
    if delivered is None:
        raise Http404
    return delivered


def only_in_demo() -> None:
    if not settings.DEMO:
        raise Http404
