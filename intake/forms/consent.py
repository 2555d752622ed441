"""What staff record of a patient's decision that was not made on the website: on paper, or by word of mouth."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from intake.forms.layout import only_fields
from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards, DateParts
from practice.models import ConsentRecord
from practice.models.consent import ConsentType, Decision

Channel = ConsentRecord.Channel


class PatientConsentForm(forms.Form):
    type = forms.ChoiceField(label=_("What it is about"), choices=[("", _("Choose")), *ConsentType.choices])
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[(choice.value, choice.label) for choice in (Decision.GIVEN, Decision.REFUSED, Decision.WITHDRAWN)],
        widget=ChoiceCards(size="tight"),
    )
    channel = forms.ChoiceField(
        label=_("How"),
        choices=[(choice.value, choice.label) for choice in (Channel.PAPER, Channel.VERBAL)],
        widget=ChoiceCards(size="tight"),
    )
    signed_on = forms.DateField(
        label=_("Date"), widget=DateParts(), help_text=_("The day beside the signature, or on which it was said.")
    )
    signed_name = LineField(
        label=_("Name as signed"),
        max_length=200,
        required=False,
        help_text=_("On paper, the name under it. By word of mouth, who said it."),
    )
    helper = only_fields()

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        """``today`` is the date where the patient lives."""
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_signed_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["signed_on"]
        if day > self.today:
            raise forms.ValidationError(_("This day lies ahead. Check month, day and year."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("channel") == Channel.PAPER and not cleaned.get("signed_name", "").strip():
            self.add_error("signed_name", _("Enter the name that stands under it."))
        return cleaned
