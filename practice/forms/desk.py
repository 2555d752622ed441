"""Forms of the front desk: the calendar's query string, booking, moving, cancelling."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from practice import slots
from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards
from practice.models import AppointmentType, Location, Modality, Room, Therapist


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


class LateForm(forms.Form):
    minutes = forms.IntegerField(min_value=0, max_value=240)


class AttendedForm(forms.Form):
    short = forms.BooleanField(required=False)

    @classmethod
    def short_visit(cls, posted) -> bool:
        form = cls(posted)
        return form.is_valid() and form.cleaned_data["short"]


class WhatForm(forms.Form):
    """What kind of visit, with whom, how and when: the query string of the booking page."""

    type = forms.ModelChoiceField(
        AppointmentType.objects.order_by("pk"), label=_("Kind of visit"), to_field_name="code", empty_label=None
    )
    therapist = forms.ModelChoiceField(Therapist.objects.none(), label=_("Therapist"), empty_label=None)
    modality = forms.ChoiceField(label=_("How"), choices=Modality.choices)
    day = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        therapists = Therapist.objects.filter(user__is_active=True).select_related("user").order_by("sort_key", "pk")
        self.fields["therapist"].queryset = therapists


class WhenForm(forms.Form):
    """The time of a visit: one of the free ones, or any other typed by staff who know better."""

    pick = LineField(required=False)
    other_time = forms.TimeField(
        label=_("Another time"),
        required=False,
        help_text=_("24 hours, such as 16:30, in the time of the place."),
        input_formats=["%H:%M", "%H.%M", "%H%M"],
        error_messages={"invalid": _("Write the time as hours and minutes, such as 16:30.")},
    )
    place = forms.TypedChoiceField(label=_("Place of another time"), required=False, coerce=int, empty_value=None)
    room = forms.ModelChoiceField(Room.objects.none(), label=_("Room"), required=False, empty_label=_("Any free room"))
    staff_note = LineField(
        label=_("Note for the desk"),
        required=False,
        max_length=300,
        help_text=_("About the visit, never about health."),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    anyway = forms.BooleanField(required=False)

    def __init__(self, *args, places: list[Location], in_person: bool, **kwargs) -> None:
        """``places``: where the therapist works this way, the likeliest first; a choice where there are several."""
        super().__init__(*args, **kwargs)
        self.places = places
        if in_person:
            rooms = Room.objects.filter(location__in=places, is_open=True)
            self.fields["room"].queryset = rooms.order_by("location__name", "name")
        else:
            del self.fields["room"]
        if len(places) > 1:
            self.fields["place"].choices = [(place.pk, place.name) for place in places]
        else:
            del self.fields["place"]

    def clean_pick(self) -> tuple[datetime, int] | None:
        """The picked start as an instant and its place's id; a value the page never offered is no time at all."""
        if not self.cleaned_data["pick"]:
            return None
        try:
            seconds, _dash, place = self.cleaned_data["pick"].partition("-")
            return datetime.fromtimestamp(int(seconds), UTC), int(place)
        except (ValueError, OverflowError, OSError) as error:
            raise forms.ValidationError(_("Choose one of the times, or type another.")) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("pick") and not cleaned.get("other_time"):
            self.add_error("other_time", _("Choose a free time above, or type one here."))
        return cleaned

    def location(self) -> Location:
        """Where: the place of the picked time, the one chosen for another time, else the likeliest."""
        other = self.cleaned_data.get("other_time")
        wanted = self.cleaned_data.get("place") if other else self.cleaned_data["pick"][1]
        return next((place for place in self.places if place.pk == wanted), self.places[0])

    def starts_at(self, day: date) -> datetime | None:
        """The start as an instant; None for a wall time that ``day`` does not have at the place (clock change)."""
        if other := self.cleaned_data.get("other_time"):
            instant = slots.first_instant(day, other.hour * 60 + other.minute, self.location().zone_info)
            return None if instant is None else datetime.fromtimestamp(instant, UTC)
        return self.cleaned_data["pick"][0]


class CancelForm(forms.Form):
    by_practice = forms.TypedChoiceField(
        label=_("Who cancels?"),
        choices=[("no", _("The patient")), ("yes", _("The practice"))],
        coerce=lambda value: value == "yes",
        widget=ChoiceCards,
    )
    reason = LineField(
        label=_("Reason"), required=False, max_length=200, help_text=_("A few words, never about health.")
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
