"""Forms of the front desk: the calendar's query string, booking, moving, cancelling."""

from __future__ import annotations

from typing import Any

from django import forms


class CalendarForm(forms.Form):
    """The query string of a calendar. What does not read is left out: a bookmark with an odd date shows today."""

    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    by = forms.ChoiceField(required=False, choices=[("therapist", ""), ("room", "")])
    location = forms.IntegerField(required=False, min_value=1)
    weekend = forms.BooleanField(required=False)
    open = forms.IntegerField(required=False, min_value=1)

    @classmethod
    def read(cls, query) -> dict[str, Any]:
        form = cls(query)
        form.is_valid()
        chosen = {name: form.cleaned_data.get(name) for name in ("day", "location", "open")}
        return chosen | {
            "by_room": form.cleaned_data.get("by") == "room",
            "weekend": bool(form.cleaned_data.get("weekend")),
        }
