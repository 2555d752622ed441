"""Accepting an invitation. Looking at the address changes nothing: mail scanners follow links."""

import functools
from collections.abc import Callable

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from practice import invitations
from practice.accounts import Adapter
from practice.forms.invitation import AcceptForm
from practice.models import User

View = Callable[..., HttpResponse]


def without_its_address(view: View) -> View:
    """Let no request from this page name it: its address is the invitation.

    Not ``no-referrer``: under that, browsers post forms with ``Origin: null``, which CSRF protection must refuse.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    return guarded


@login_not_required
@never_cache
@without_its_address
@sensitive_post_parameters("password")
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    try:
        invitation = invitations.find_open(token)
    except invitations.InvitationClosed:
        return closed(request)
    if request.user.is_authenticated:
        return render(request, "practice/invitation/signed_in.html", status=409)
    form = AcceptForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept(token=token, password=form.cleaned_data.get("password"))
        except (invitations.InvitationClosed, invitations.AddressTaken):
            return closed(request)
        return enter(request, user)
    context = {"form": form, "invitation": invitation}
    return render(request, "practice/invitation/accept.html", context, status=422 if form.errors else 200)


def closed(request: HttpRequest) -> HttpResponse:
    """Used, replaced, too old, or never there: one answer for all of them."""
    return render(request, "practice/invitation/closed.html", status=410)


def enter(request: HttpRequest, user: User) -> HttpResponse:
    """Sign the new account in. Staff go on to set up a second factor, which the password just chosen allows."""
    record_authentication(request, user, method="password" if user.is_staff_member else "invitation")
    Adapter(request).login(request, user)
    return redirect("mfa_index" if user.is_staff_member else "practice:today")
