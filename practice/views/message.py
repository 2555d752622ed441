"""Messages that failed for good, as tasks for the front desk: send again, or call and settle."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practice import audit, resending
from practice.access import roles
from practice.models import Message, User
from practice.models.message import MessageQuerySet
from practice.outbox import NotWanted, kinds
from practice.reason_words import in_words
from practice.resending import AlreadyDealtWith
from practice.roles import Role

PAGE = 25


def messages_of(user: User) -> MessageQuerySet:
    """The messages this person may know of; of some kinds only managers may know that there was one."""
    rows = Message.objects.visible_to(user)
    if Role.MANAGER in user.roles:
        return rows
    return rows.exclude(kind__in=[name for name, kind in kinds().items() if kind.only_managers])


@roles(Role.FRONT_DESK, Role.MANAGER)
@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    return listed(request)


@roles(Role.FRONT_DESK, Role.MANAGER)
@require_POST
def message_resend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send it once more, now."""
    message = get_object_or_404(messages_of(request.user), pk=pk)
    try:
        resending.resend(by=request.user, message=message)
    except AlreadyDealtWith:
        return listed(request, problem=_("Somebody has dealt with this message already."), status=409)
    except NotWanted as reason:
        words = _("It was not sent again: %(reason)s. Settle it when the person knows.") % {
            "reason": in_words(str(reason))
        }
        return listed(request, problem=words, status=409)
    messages.success(request, _("The message goes out again within a few seconds."))
    return redirect("practice:message-list")


@roles(Role.FRONT_DESK, Role.MANAGER)
@require_POST
def message_settle(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person knows, by telephone or otherwise."""
    message = get_object_or_404(messages_of(request.user), pk=pk)
    try:
        resending.settle(by=request.user, message=message)
    except AlreadyDealtWith:
        return listed(request, problem=_("Somebody has dealt with this message already."), status=409)
    messages.success(request, _("Settled. The message left the list."))
    return redirect("practice:message-list")


def listed(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    failed = messages_of(request.user).failed().select_related("patient", "user").order_by("-created_at")
    page = Paginator(failed, PAGE).get_page(request.GET.get("page"))
    audit.record(by=request.user, action=audit.Action.VIEW, obj="message list", detail={"page": page.number})
    context = {"page": page, "tasks": resending.tasks(page.object_list), "problem": problem}
    return render(request, "practice/message/list.html", context, status=status)
