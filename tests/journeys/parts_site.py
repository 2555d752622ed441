"""A site for tests only: Evenkeel plus one page with every form control, a held time, a toast and an htmx form."""

import datetime as dt

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Row, Submit
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from practice.forms.widgets import ChoiceCards, DateParts, ManyChoiceCards, PainScale, TimeZoneSelect, scale_choices
from practice.zone import zone_choices

PAGE = """
{% extends "shell/public.html" %}{% load crispy_forms_tags evenkeel i18n %}
{% block title %}Parts{% endblock %}
{% block htmx %}{% include "parts/htmx.html" %}{% endblock %}
{% block main %}<h1>Parts</h1>{% crispy form %}
<div class="measure">{% include "parts/hold.html" %}</div>
<h2>Live</h2>
<form id="live" method="post" action="/parts/live/" hx-post="/parts/live/" hx-target="#live-answer">{% csrf_token %}
<div class="field"><label for="words">Words</label><input id="words" name="words"></div>
<button class="btn">Send words</button></form>
<div id="live-answer"></div>
<h2>Lists</h2>{% include "parts/empty.html" with heading="No messages yet" text="They show here." %}
<p><a class="btn btn-line" href="/fees/" data-dialog="sure">Cancel it</a></p>
<dialog class="dialog" id="sure"><h2>Cancel the session?</h2>
<div class="actions"><button class="btn btn-line" data-keep>Keep it</button></div></dialog>
{% endblock %}
"""


class EveryControl(forms.Form):
    name = forms.CharField(label="Your name", help_text="Any name you like us to use.")
    email = forms.EmailField(label="Email")
    phone = forms.CharField(label="Phone", required=False)
    born_on = forms.DateField(label="Date of birth", widget=DateParts(birthday=True))
    zone = forms.ChoiceField(label="Time zone", choices=zone_choices, widget=TimeZoneSelect)
    place = forms.ChoiceField(
        label="How to meet",
        choices=[("video", "Video"), ("room", "In person")],
        widget=ChoiceCards(notes={"room": "Step-free"}),
    )
    did = forms.MultipleChoiceField(
        label="What we did",
        required=False,
        choices=[("a", "Test"), ("b", "Replace")],
        widget=ManyChoiceCards(size="tight"),
    )
    pain = forms.TypedChoiceField(
        label="Pain on average", coerce=int, choices=scale_choices(), widget=PainScale(ends=("No pain", "Worst pain"))
    )
    sms = forms.BooleanField(label="You may text me", help_text="Off unless you tick it.", required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Fieldset("You", "name", Row("email", "phone"), "born_on", "zone"), "place", "did", "pain", "sms"
        )
        self.helper.add_input(Submit("save", "Save answers"))


@login_not_required
def every_part(request: HttpRequest) -> HttpResponse:
    form = EveryControl(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Saved.", extra_tags="undo=/parts/")
    now = timezone.now()
    context = {
        "form": form,
        "hold_starts_at": now - dt.timedelta(minutes=9),
        "hold_until": now + dt.timedelta(minutes=1),
        "hold_zone": "America/Los_Angeles",
        "extend_url": "/parts/",
    }
    page = engines["django"].from_string(PAGE).render(context, request)
    return HttpResponse(page, status=422 if form.errors else 200)


@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """What an htmx form meets: the word it sends is the status it gets, and a reason behind it comes as plain text."""
    status, _space, reason = (request.POST.get("words") or "200").partition(" ")
    if reason:
        return HttpResponse(reason, status=int(status), content_type="text/plain; charset=utf-8")
    return HttpResponse(f"<p>answer {status}</p>", status=int(status))


urlpatterns = [path("parts/", every_part), path("parts/live/", live), path("", include("practice.urls"))]
handler404 = "practice.views.errors.not_found"
