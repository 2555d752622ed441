"""What is asked when a practice is founded, one question a field; the command asks on a terminal or takes options."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from practice.forms.line import AddressField, LineField
from practice.founding import Plan
from practice.models.zone import validate_zone


class FoundingForm(forms.Form):
    """Labels are the questions, help texts what a good answer looks like."""

    name = LineField(label=_("Name of the practice"), max_length=200)
    short_name = LineField(
        label=_("Short name for messages"),
        max_length=40,
        help_text=_("Anybody who looks at a telephone may read it: it must not say what is treated."),
    )
    phone = PhoneNumberField(label=_("Telephone"))
    address = LineField(label=_("Address"), max_length=300)
    opening_hours = LineField(
        label=_("Opening hours in words"), max_length=200, help_text=_("Such as: Monday to Friday, 8 am to 6 pm")
    )
    opens_at = forms.TimeField(
        label=_("Opens at"), help_text=_("Monday to Friday, such as 08:00; risk alerts are timed by it")
    )
    closes_at = forms.TimeField(label=_("Closes at"), help_text=_("Such as 18:00"))
    time_zone = LineField(
        label=_("Time zone"), max_length=50, validators=[validate_zone], help_text=_("Such as America/Chicago")
    )
    location_name = LineField(
        label=_("Name of the first location"), max_length=100, help_text=_("Such as the part of town")
    )
    rooms = LineField(
        label=_("Rooms"), required=False, help_text=_("Separated by commas; without one no visit in person is offered")
    )
    session_price = forms.DecimalField(
        label=_("Price of a session"), min_value=0, max_value=100_000, decimal_places=2, help_text=_("Such as 140.00")
    )
    joint_price = forms.DecimalField(
        label=_("Price of a joint session"), min_value=0, max_value=100_000, decimal_places=2
    )
    local_emergency_number = LineField(
        label=_("Emergency number"), max_length=20, required=False, help_text=_("Only outside of the United States")
    )
    local_crisis_line = LineField(
        label=_("Crisis line"), max_length=200, required=False, help_text=_("Only outside of the United States")
    )
    manager_name = LineField(label=_("Name of the first manager"), max_length=200)
    manager_email = AddressField(
        label=_("E-mail of the first manager"),
        max_length=254,
        help_text=_("The invitation to an account goes there"),
    )

    def clean_rooms(self) -> list[str]:
        names = [" ".join(name.split()) for name in self.cleaned_data["rooms"].split(",")]
        names = list(dict.fromkeys(name for name in names if name))
        if any(len(name) > 60 for name in names):
            raise forms.ValidationError(_("A room's name has at most 60 letters."))
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and opens >= closes:
            self.add_error("closes_at", _("It closes after it opens."))
        return cleaned

    def plan(self) -> Plan:
        """The cleaned answers as the rule takes them."""
        facts = dict(self.cleaned_data)
        for price, cents in (("session_price", "session_cents"), ("joint_price", "joint_cents")):
            facts[cents] = int(facts.pop(price) * 100)
        return Plan(**facts | {"phone": str(facts["phone"])})
