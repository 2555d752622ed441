"""Answering one item, correcting one, and entering a whole questionnaire from paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from intake.definition import Definition, Item
from intake.forms.layout import only_fields
from practice.forms.widgets import ChoiceCards, DateParts, PainScale

LEFT_EMPTY = "empty"
OLDEST_PAPER = dt.timedelta(days=366)


def widget_for(item: Item, *, heading: bool) -> forms.Widget:
    if item.ends:
        return PainScale(ends=item.ends, highest=max(item.values), heading=heading)
    return ChoiceCards(heading=heading)


class AnswerForm(forms.Form):
    """One item. The raw text must be one of its answers: "2 " and "1.5" are not (vector T20)."""

    def __init__(self, *args: Any, item: Item, heading: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.TypedChoiceField(
            label=item.text,
            choices=[(str(option.value), option.label) for option in item.options],
            coerce=int,
            widget=widget_for(item, heading=heading),
            error_messages={"required": _("Choose an answer, or press “Prefer not to answer”.")},
        )
        self.helper = only_fields()


class CorrectionForm(AnswerForm):
    """An answer of a finished questionnaire, or that it was left open."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, item=item, heading=False, **kwargs)
        field = self.fields["answer"]
        field.widget = ChoiceCards(size="tight")
        field.choices = [*field.choices, (LEFT_EMPTY, _("Not answered"))]
        field.coerce = as_answer
        field.error_messages["required"] = _("Choose the answer the person gave.")


def as_answer(text: str) -> int | None:
    return None if text == LEFT_EMPTY else int(text)


class PaperForm(forms.Form):
    """A questionnaire as it stands on paper. Every item is entered, an empty one as "left empty"."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    taken_on = forms.DateField(label=_("Day on the paper"), widget=DateParts())

    def __init__(self, *args: Any, definition: Definition, today: dt.date, **kwargs: Any) -> None:
        """``today`` is the date where the patient lives, who dated the sheet."""
        super().__init__(*args, **kwargs)
        self.definition, self.today = definition, today
        for number, item in enumerate(definition.items, start=1):
            self.fields[f"item_{number}"] = self.field_for(number, item)
        self.helper = only_fields()

    def field_for(self, number: int, item: Item) -> forms.Field:
        choices = [(str(option.value), option.label) for option in item.options]
        choices.append((LEFT_EMPTY, _("Left empty")))
        if item.ends:
            choices = [("", _("Choose")), *choices]
        return forms.ChoiceField(
            label=f"{number}. {item.text}",
            choices=choices,
            required=item.is_scored,
            widget=forms.Select() if item.ends else ChoiceCards(size="tight"),
            help_text=_("0 is “%(low)s”, %(highest)s is “%(high)s”.")
            % {"low": item.ends[0], "high": item.ends[1], "highest": max(item.values)}
            if item.ends
            else "",
            error_messages={"required": _("Enter what stands on the paper, or “Left empty”.")},
        )

    def clean_taken_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["taken_on"]
        today = self.today
        if day > today:
            raise forms.ValidationError(_("This day lies ahead. Check month, day and year."))
        if day < today - OLDEST_PAPER:
            raise forms.ValidationError(_("This day is more than a year ago. Check month, day and year."))
        return day

    def answers(self) -> Mapping[str, int | None]:
        """The cleaned answers by link id; None for an item left empty."""
        found = {}
        for number, item in enumerate(self.definition.items, start=1):
            text = self.cleaned_data.get(f"item_{number}", "")
            found[item.link_id] = as_answer(text) if text else None
        return found
