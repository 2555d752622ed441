"""What clinicians record about an alert: tries to reach somebody, the structured assessment, the closing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from intake.forms.layout import only_fields, pair
from intake.models import AlertAttempt, RiskAlert, RiskAssessment, Tier
from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards, DateParts, ManyChoiceCards


def cards(label: str, choices: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=ChoiceCards(size="tight"), **options)


class AttemptForm(forms.Form):
    way = cards(_("How"), AlertAttempt.Way.choices)
    result = cards(
        _("What happened"),
        [
            ("reached", _("Reached")),
            ("left", _("Not reached, left a neutral message")),
            ("not", _("Not reached, no message")),
        ],
    )
    words = LineField(label=_("In a few words"), max_length=500, required=False)
    helper = only_fields()

    def facts(self) -> dict[str, Any]:
        result = self.cleaned_data["result"]
        return {
            "way": self.cleaned_data["way"],
            "reached": result == "reached",
            "left_message": result == "left",
            "words": self.cleaned_data["words"],
        }


class AssessmentForm(forms.Form):
    """The structured assessment of clinical.md 7.4. Nothing is filled in beforehand and nothing is computed.

    sessions uses it too, for the risk form of a note: ``form.facts()`` are the keyword arguments of alerts.assess().
    """

    ideation = cards(_("Suicidal thoughts"), RiskAssessment.Ideation.choices)
    frequency = cards(_("How often"), RiskAssessment.Frequency.choices, required=False)
    plan = cards(_("A plan"), RiskAssessment.YesNo.choices)
    intent = cards(_("Intent to act"), RiskAssessment.YesNo.choices)
    means_access = cards(_("Access to means"), RiskAssessment.YesNo.choices)
    past_attempts = cards(_("Past attempts"), RiskAssessment.YesNo.choices)
    harm_to_others = cards(_("Thoughts of harming others"), RiskAssessment.YesNo.choices)
    details = forms.CharField(label=_("What was said"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    protective_factors = forms.CharField(
        label=_("What protects"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    substance_use = LineField(label=_("Alcohol and other substances"), max_length=300, required=False)
    drivers = LineField(label=_("Pain and sleep as drivers"), max_length=300, required=False)
    judgement = cards(
        _("Your judgement"),
        RiskAssessment.Judgement.choices,
        help_text=_("Yours alone. Nothing here computes it."),
    )
    steps = forms.MultipleChoiceField(
        label=_("What was done"), choices=RiskAssessment.Step.choices, widget=ManyChoiceCards(size="tight")
    )
    consulted = LineField(label=_("Consulted with"), max_length=200, required=False)
    next_contact_on = forms.DateField(label=_("Next contact"), required=False, widget=DateParts())
    helper = only_fields(
        "ideation",
        "frequency",
        "plan",
        "intent",
        "means_access",
        "past_attempts",
        "harm_to_others",
        "details",
        "protective_factors",
        pair("substance_use", "drivers"),
        "judgement",
        "steps",
        pair("consulted", "next_contact_on"),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        """``today`` is the practice's own date: the day of the next contact is kept by its clinicians."""
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        steps = cleaned.get("steps") or []
        if RiskAssessment.Step.NONE in steps and len(steps) > 1:
            self.add_error("steps", _("Either something was done, or nothing was needed."))
        emergency = RiskAssessment.Step.EMERGENCY in steps
        if "next_contact_on" not in self.errors:
            day = cleaned.get("next_contact_on")
            if day is None and not emergency:
                self.add_error("next_contact_on", _("Name the day of the next contact."))
            if day is not None and day < self.today:
                self.add_error("next_contact_on", _("This day is over. Check month, day and year."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class CloseForm(forms.Form):
    outcome = cards(_("Outcome"), RiskAlert.Outcome.choices)
    words = forms.CharField(
        label=_("What was found and agreed"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )
    signature = LineField(label=_("Your full name"), max_length=200, help_text=_("Typing it is your signature."))
    helper = only_fields()


class RaiseForm(forms.Form):
    """An alert a clinician raises by hand."""

    tier = cards(_("How soon must somebody act?"), [(tier.value, tier.label) for tier in Tier])
    words = LineField(
        label=_("Why"), max_length=300, help_text=_("One sentence. Only those who answer alerts read it.")
    )
    helper = only_fields()
