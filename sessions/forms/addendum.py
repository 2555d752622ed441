"""What is added to a signed note."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.forms.widgets import ChoiceCards
from sessions.forms.course import only_fields
from sessions.models import Addendum


class AddendumForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why"), choices=Addendum.Reason.choices, widget=ChoiceCards(size="tight"))
    text = forms.CharField(
        label=_("What you add"),
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The note stays as it is; this stands after it. The patient can read it."),
    )
    proof = forms.CharField(
        label=_("Your password, or the code of your app"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Typing it again is your signature."),
    )
    token = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)
    helper = only_fields()

    def __init__(self, *args, by_passkey: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if by_passkey:
            del self.fields["proof"]
