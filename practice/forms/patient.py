"""Forms about patients on the schedule side: searching, adding, joining two records."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from practice.forms.line import AddressField, LineField
from practice.models import Patient
from practice.patients import email_key, possible_duplicates


class SearchForm(forms.Form):
    """What is typed to find somebody; it travels by POST, so that no name stands in an address."""

    q = LineField(required=False, max_length=100)

    @classmethod
    def words(cls, typed) -> str:
        form = cls(typed)
        return form.cleaned_data["q"].strip() if form.is_valid() else ""


class PatientForm(forms.Form):
    """Somebody who called or came in. A record that may be the same person's is a warning to confirm, not an error."""

    first_name = LineField(label=_("First name"), max_length=100)
    last_name = LineField(label=_("Last name"), max_length=100)
    email = AddressField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_("Needed for an account. Ask before you write to it."),
    )
    phone = PhoneNumberField(label=_("Phone"), required=False)
    is_another_person = forms.BooleanField(label=_("This is another person"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.duplicates: list[Patient] = []
        self.fields["first_name"].widget.attrs["autocomplete"] = "off"
        self.fields["last_name"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("email") and not cleaned.get("phone") and not self.errors:
            self.add_error("phone", _("Give a phone number or an e-mail address, so that we can reach the person."))
        if not self.errors:
            self.duplicates = list(possible_duplicates(self.unsaved(cleaned))[:5])
            if self.duplicates and not cleaned["is_another_person"]:
                self.add_error("is_another_person", _("Look at the records below. Tick this if it is somebody else."))
        return cleaned

    def unsaved(self, cleaned: dict[str, Any]) -> Patient:
        return Patient(
            first_name=cleaned["first_name"],
            last_name=cleaned["last_name"],
            email_key=email_key(cleaned["email"]),
            phone=cleaned["phone"],
        )

    def typed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("first_name", "last_name", "email", "phone")}


class MergeForm(forms.Form):
    """Which record to join into the one on the page; chosen among those that may be the same person's."""

    source = forms.ModelChoiceField(Patient.objects.none())

    def __init__(self, *args: Any, into: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = possible_duplicates(into)
