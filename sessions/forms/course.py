"""Forms of a course: what came of a free talk, and which template it follows."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards
from sessions import plan
from sessions.models import ConsultationOutcome
from sessions.models.course import TEMPLATES


def only_fields() -> FormHelper:
    """The template writes the form element and its button itself."""
    helper = FormHelper()
    helper.form_tag = False
    return helper


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("What comes of this talk?"),
        choices=ConsultationOutcome.Outcome.choices,
        widget=ChoiceCards(
            notes={
                "book_intake": _("A course begins with the intake."),
                "think": _("Nothing happens until the person comes back."),
                "refer_on": _("You have said where, and how to get there."),
            }
        ),
    )
    note = forms.CharField(
        label=_("A word for yourself"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A free talk is not treatment: no history, no findings."),
    )
    helper = only_fields()


class CourseForm(forms.Form):
    template = forms.ChoiceField(label=_("How long?"), choices=TEMPLATES, widget=ChoiceCards())
    reason = LineField(
        label=_("Why this length"), required=False, max_length=300, help_text=_("Only clinicians on the case read it.")
    )
    helper = only_fields()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        notes = {template.code: template.choose_when for template in plan.templates().values()}
        self.fields["template"].widget.notes = notes


class ExtensionReason(forms.CharField):
    """Why a course goes on past its planned sessions (clinical.md 4.6)."""

    def __init__(self, **kwargs: Any) -> None:
        options = {
            "label": _("Why the course goes on"),
            "help_text": _("The planned sessions are over. Only clinicians on the case read the reason."),
            "error_messages": {"required": _("Say why the course goes on.")},
            "max_length": 200,
            "widget": forms.Textarea(attrs={"rows": 3}),
        }
        super().__init__(**{**options, **kwargs})


class ExtensionForm(forms.Form):
    reason = ExtensionReason()
    helper = only_fields()
