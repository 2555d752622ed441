"""Forms of the public schedule: choosing a time, and the few words a visitor types to book it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from practice.confirming import Contact
from practice.forms.line import AddressField, LineField
from practice.forms.widgets import TimeZoneSelect
from practice.models import Modality
from practice.models.zone import zone_names


class InstantField(forms.Field):
    """An instant in ISO form with its offset, as the slot pages print it: 2027-03-09T17:00:00+00:00 or with Z."""

    default_error_messages = {"invalid": _("Choose one of the times.")}

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        if moment.tzinfo is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


def read_query(query: Mapping[str, str]) -> tuple[date | None, str | None]:
    """Day and way of a slot page's query string, by hand: a Form costs more than the answer it would be for.

    What does not read is left out, so an odd bookmark shows the first free day. Days are kept to those around which a
    week can be counted.
    """
    way = query.get("way", "")
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    if day is not None and not 1_970 < day.year < 9_000:
        day = None
    return day, way if way in Modality.values else None


def read_after(query: Mapping[str, str]) -> tuple[datetime, str] | None:
    """Where a list of free times goes on: after the time and the therapist that ended the page before, as
    ``2027-03-01T17:00Z_ines-varga``; None for what does not read.
    """
    text, _mark, slug = query.get("after", "").partition("_")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment, slug) if moment.tzinfo is not None and 1_970 < moment.year < 9_000 else None


class HoldForm(forms.Form):
    """A time to hold: whose, how to meet, and when; as three fields, or as one ``choice`` such as a button posts."""

    therapist = forms.SlugField()
    way = forms.ChoiceField(choices=Modality.choices)
    starts = InstantField(error_messages={"required": _("Choose one of the times.")})

    @classmethod
    def posted(cls, data: Any) -> HoldForm:
        if "choice" not in data:
            return cls(data)
        parts = (data["choice"].split(maxsplit=2) + [""] * 3)[:3]
        return cls(dict(zip(("therapist", "way", "starts"), parts, strict=True)))


class RevisionForm(forms.Form):
    """A question about an appointment as it stood on the page: ``revision`` is the one the page showed."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class MoveForm(RevisionForm):
    """Another time for an appointment that stands."""

    starts = InstantField(error_messages={"required": _("Choose one of the times.")})


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(name, name) for name in sorted(zone_names())], widget=TimeZoneSelect
    )


class ConfirmForm(forms.Form):
    """What every booking form carries: its token, so that the same form twice is one booking, and, where the held time
    is gone, another time to hold instead.
    """

    token = forms.UUIDField(widget=forms.HiddenInput)
    starts = InstantField(required=False)

    @classmethod
    def fresh(cls, **kwargs: Any) -> ConfirmForm:
        return cls(initial={"token": uuid.uuid4()} | kwargs)


class BookingForm(ConfirmForm):
    """Name, e-mail, optional phone, and two consents that begin at no. Nothing about health is asked."""

    name = LineField(
        label=_("Your name"),
        help_text=_("Any name you like us to use."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Write a name we may call you by.")},
    )
    email = AddressField(
        label=_("E-mail"),
        help_text=_("So that we can reach you about this talk."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Write your e-mail address, like rosa@example.org."),
            "invalid": _("Add the part after the @, like rosa@example.org."),
        },
    )
    phone = PhoneNumberField(
        label=_("Phone"),
        help_text=_("Only if the video fails, or for text messages if you want them."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"invalid": _("This does not read as a phone number, like (541) 555-0142.")},
    )
    email_consent = forms.BooleanField(
        label=_("You may e-mail me about this appointment"),
        help_text=_("A confirmation, a calendar file and a reminder. E-mail is not fully private."),
        required=False,
    )
    sms_consent = forms.BooleanField(
        label=_("You may text me about this appointment"),
        help_text=_("One reminder a day before. Call us to end them at any time. Message rates may apply."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("sms_consent") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Add a phone number, or leave text messages off."))
        return cleaned

    def contact(self, *, time_zone: str, origin) -> Contact:
        """The cleaned answers as the rules take them."""
        typed = self.cleaned_data
        return Contact(
            name=typed["name"],
            email=typed["email"],
            phone=str(typed["phone"] or ""),
            email_consent=typed["email_consent"],
            sms_consent=typed["sms_consent"],
            time_zone=time_zone,
            origin=origin,
        )
