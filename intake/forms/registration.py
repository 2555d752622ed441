"""The steps of registration: what is asked, and what a doubtful answer is told (clinical.md 3.2 sections 1-3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from intake.forms.layout import only_fields, pair
from intake.models import EmergencyContact, Registration
from intake.registration import ADULT, OLDEST, age_on
from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards, DateParts, ManyChoiceCards, TimeZoneSelect
from practice.models import Patient
from practice.templatetags.evenkeel import tel

YES_NO = [("yes", _("Yes")), ("no", _("No"))]
COUNTRIES = [
    ("US", _("United States")),
    ("CA", _("Canada")),
    ("MX", _("Mexico")),
    ("GB", _("United Kingdom")),
    ("IE", _("Ireland")),
    ("XX", _("Another country")),
]
LANGUAGES = [
    ("en", _("English")),
    ("es", _("Spanish")),
    ("zh", _("Chinese")),
    ("vi", _("Vietnamese")),
    ("tl", _("Tagalog")),
    ("ko", _("Korean")),
    ("ru", _("Russian")),
    ("ar", _("Arabic")),
    ("fr", _("French")),
    ("de", _("German")),
    ("ase", _("American Sign Language")),
    ("und", _("Another language")),
]


def yes_no(label: str, hint: str = "", **options: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=hint,
        choices=YES_NO,
        coerce=lambda value: value == "yes",
        widget=ChoiceCards(size="tight"),
        **options,
    )


def telephone(label: str, hint: str = "", **options: Any) -> PhoneNumberField:
    """A telephone number; what was typed stays as it was typed when the form comes back."""
    return PhoneNumberField(label=label, help_text=hint, widget=forms.TextInput(attrs={"type": "tel"}), **options)


def as_national(number: Any) -> str:
    """A stored number as people at home write it."""
    return str(tel(number)) if number else ""


def as_yes_no(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


def person_name(text: str) -> str:
    """A name in any script, as a LineField gives it, with at least one letter. Raises ValidationError."""
    if not any(character.isalpha() for character in text):
        raise forms.ValidationError(_("Write the name in letters, in any script."))
    return text


class YouForm(forms.Form):
    first_name = LineField(label=_("Legal first name"), max_length=100)
    last_name = LineField(label=_("Legal last name"), max_length=100)
    name_to_use = LineField(
        label=_("What shall we call you?"),
        max_length=100,
        required=False,
        help_text=_("If it differs. Everybody here uses it."),
    )
    pronouns = LineField(
        label=_("Pronouns"), max_length=50, required=False, help_text=_("Such as she/her, he/him or they/them.")
    )
    born_on = forms.DateField(label=_("Date of birth"), widget=DateParts(birthday=True))
    helper = only_fields(pair("first_name", "last_name"), pair("name_to_use", "pronouns"), "born_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, token in (("first_name", "given-name"), ("last_name", "family-name"), ("name_to_use", "nickname")):
            self.fields[name].widget.attrs["autocomplete"] = token

    @staticmethod
    def initial_of(patient: Patient, registration: Registration | None) -> dict[str, Any]:
        return {name: getattr(patient, name) for name in YouForm.base_fields}

    def clean_first_name(self) -> str:
        return person_name(self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        return person_name(self.cleaned_data["last_name"])

    def clean_name_to_use(self) -> str:
        name = self.cleaned_data["name_to_use"]
        return person_name(name) if name else ""

    def clean_born_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["born_on"]
        today = timezone.localdate()
        if day > today or age_on(day, today) > OLDEST:
            raise forms.ValidationError(_("Check the year of birth."))
        if age_on(day, today) < ADULT:
            raise forms.ValidationError(
                _("We treat adults, from 18 years on. Call us and we help you find someone."), code="under_age"
            )
        return day

    @property
    def is_under_age(self) -> bool:
        return self.is_bound and self.has_error("born_on", "under_age")


class HomeForm(forms.Form):
    street = LineField(label=_("Street and number"), max_length=200)
    city = LineField(label=_("Town or city"), max_length=100)
    state = LineField(
        label=_("State or region"),
        max_length=100,
        help_text=_("A therapist may treat you only where he or she is licensed."),
    )
    postal_code = LineField(label=_("ZIP or postal code"), max_length=20)
    country = forms.ChoiceField(label=_("Country"), choices=COUNTRIES)
    time_zone = LineField(
        label=_("Time zone"), widget=TimeZoneSelect(), help_text=_("So that reminders reach you at a good hour.")
    )
    sex_recorded = forms.ChoiceField(
        label=_("Sex recorded by your insurer"),
        choices=[("", _("Rather not say")), *Registration.SexRecorded.choices],
        required=False,
        help_text=_("Some forms and bills ask for it."),
    )
    gender = LineField(
        label=_("Gender, in your own words"), max_length=100, required=False, help_text=_("Leave it open if you like.")
    )
    helper = only_fields(
        "street", pair("city", "state"), pair("postal_code", "country"), "time_zone", pair("sex_recorded", "gender")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].validators.extend(Patient._meta.get_field("time_zone").validators)
        tokens = {
            "street": "street-address",
            "city": "address-level2",
            "state": "address-level1",
            "postal_code": "postal-code",
            "country": "country",
        }
        for name, token in tokens.items():
            self.fields[name].widget.attrs["autocomplete"] = token

    @staticmethod
    def initial_of(patient: Patient, registration: Registration | None) -> dict[str, Any]:
        own = [name for name in HomeForm.base_fields if name != "time_zone"]
        found = {name: getattr(registration, name) for name in own} if registration else {}
        return {**found, "time_zone": patient.time_zone}


class NeedsForm(forms.Form):
    language = forms.ChoiceField(label=_("Which language do you speak best?"), choices=LANGUAGES)
    needs_interpreter = yes_no(_("Do you need an interpreter?"))
    needs = forms.MultipleChoiceField(
        label=_("What makes visits easier for you?"),
        choices=Registration.AccessNeed.choices,
        required=False,
        widget=ManyChoiceCards(),
    )
    other_needs = LineField(label=_("Anything else?"), max_length=120, required=False)
    helper = only_fields()

    @staticmethod
    def initial_of(patient: Patient, registration: Registration | None) -> dict[str, Any]:
        if registration is None:
            return {}
        known = [str(Registration.AccessNeed(need).label) for need in registration.access_needs]
        parts = [part for part in patient.access_needs.split(", ") if part and part not in known]
        return {
            "language": registration.language,
            "needs_interpreter": as_yes_no(registration.needs_interpreter),
            "needs": registration.access_needs,
            "other_needs": ", ".join(parts),
        }


class ContactForm(forms.Form):
    phone = telephone(_("Mobile phone"), _("Numbers from outside the US start with + and the country."), required=False)
    may_email = yes_no(
        _("May we e-mail you about appointments?"), _("Clinic, day and time, nothing else."), initial="no"
    )
    may_text = yes_no(
        _("May we text you about appointments?"),
        _("At most three a week. Message and data rates may apply. You can end them here or by a call at any time."),
        initial="no",
    )
    voicemail = forms.ChoiceField(
        label=_("May we leave voicemail?"),
        choices=Patient._meta.get_field("voicemail").choices,
        widget=ChoiceCards(size="tight"),
    )
    prefers = forms.ChoiceField(
        label=_("Best way to reach you"),
        choices=[("", _("No preference")), *Registration.Prefers.choices],
        required=False,
    )
    sending_from = forms.TimeField(
        label=_("Messages not before"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("We never write before 9 am."),
    )
    sending_until = forms.TimeField(
        label=_("Messages not after"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("We never write after 8 pm."),
    )
    contact_notes = LineField(
        label=_("Is there anything we should know before we call?"),
        max_length=300,
        required=False,
        help_text=_("Such as: others may pick up."),
    )
    do_not_contact = LineField(
        label=_("Is there a number or time at which we must not contact you?"), max_length=300, required=False
    )
    helper = only_fields(
        "phone",
        "may_email",
        "may_text",
        "voicemail",
        "prefers",
        pair("sending_from", "sending_until"),
        "contact_notes",
        "do_not_contact",
    )

    @staticmethod
    def initial_of(patient: Patient, registration: Registration | None) -> dict[str, Any]:
        names = ("voicemail", "sending_from", "sending_until", "do_not_contact")
        found = {name: getattr(patient, name) for name in names} | {"phone": as_national(patient.phone)}
        if registration:
            found |= {"prefers": registration.prefers, "contact_notes": registration.contact_notes}
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("may_text") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Add your mobile number, or choose no for text messages."))
        begins, ends = cleaned.get("sending_from"), cleaned.get("sending_until")
        if begins and ends and begins >= ends:
            self.add_error("sending_until", _("This is before the hour we may begin. Choose a later one."))
        return cleaned


class EmergencyForm(forms.Form):
    """Somebody to call, all of it, or a word about why there is nobody: the first answer decides which is needed."""

    CONTACT = ("name", "relationship", "phone", "knows", "may_call")
    has_contact = yes_no(
        _("Is there somebody we may call in an emergency?"),
        _("A clinician decides whether to call. The software never does."),
    )
    name = LineField(
        label=_("Their name"), max_length=200, error_messages={"required": _("Write the name of the person.")}
    )
    relationship = LineField(
        label=_("Who they are to you"),
        max_length=100,
        help_text=_("Such as partner, sister, friend."),
        error_messages={"required": _("Write who this person is to you.")},
    )
    phone = telephone(_("Their phone"), error_messages={"required": _("Add a phone number.")})
    knows = yes_no(
        _("May they know that you are a patient here?"),
        empty_value=None,
        error_messages={"required": _("Choose yes or no.")},
    )
    may_call = forms.ChoiceField(
        label=_("When may we call them?"),
        choices=EmergencyContact.MayCall.choices,
        widget=ChoiceCards(size="tight"),
        error_messages={"required": _("Choose when we may call.")},
    )
    none_because = LineField(
        label=_("If there is nobody: why?"),
        max_length=300,
        help_text=_("A word is enough, such as: I would rather not. Your therapist talks with you about it."),
        error_messages={"required": _("Write a word about why, even a short one.")},
    )
    session_place = LineField(
        label=_("Where are you usually during video or phone sessions?"),
        max_length=300,
        help_text=_("An address, so that help could find you. Write “only in person” if you never use them."),
    )
    helper = only_fields(
        "has_contact", pair("name", "relationship"), "phone", "knows", "may_call", "none_because", "session_place"
    )

    def __init__(self, *args: Any, own_phone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_phone = str(own_phone or "")
        answer = self.data.get("has_contact") if self.is_bound else ""
        for name in self.CONTACT:
            self.fields[name].required = answer != "no"
        self.fields["none_because"].required = answer == "no"

    @staticmethod
    def initial_of(patient: Patient, registration: Registration | None) -> dict[str, Any]:
        contact = EmergencyContact.objects.filter(patient=patient).first()
        found: dict[str, Any] = {"session_place": registration.session_place} if registration else {}
        if contact:
            names = ("name", "relationship", "may_call", "none_because")
            found |= {name: getattr(contact, name) for name in names} | {"phone": as_national(contact.phone)}
            found |= {"knows": as_yes_no(contact.knows), "has_contact": as_yes_no(not contact.none_because)}
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        has_contact = cleaned.get("has_contact")
        if not has_contact:
            # Nobody, or not said yet: the fields of a contact do not count and are not complained about.
            for name in self.CONTACT:
                self.errors.pop(name, None)
                cleaned[name] = None if name == "knows" else ""
        if has_contact:
            cleaned["none_because"] = ""
        if cleaned.get("phone") and str(cleaned["phone"]) == self.own_phone:
            self.add_error("phone", _("This is your own number. Add the number of the other person."))
        return cleaned


class AgreementForm(forms.Form):
    """The decision on one text, signed by typing the own name and ticking a box."""

    decision = forms.TypedChoiceField(
        label=_("Your decision"),
        choices=[("yes", _("I agree")), ("no", _("I do not agree"))],
        coerce=lambda value: value == "yes",
        widget=ChoiceCards(),
        error_messages={"required": _("Choose one of the two answers. Both are fine.")},
    )
    signed_name = LineField(label=_("Your full name"), max_length=200, help_text=_("Typing it is your signature."))
    is_read = forms.BooleanField(label=_("I have read this text, or had it read to me."))

    def __init__(self, *args: Any, acknowledges: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = only_fields()
        self.fields["signed_name"].widget.attrs["autocomplete"] = "name"
        if acknowledges:
            self.fields["decision"].choices = [("yes", _("I received it")), ("no", _("I do not confirm this"))]

    def clean_signed_name(self) -> str:
        return person_name(self.cleaned_data["signed_name"])


FORMS = {"you": YouForm, "home": HomeForm, "needs": NeedsForm, "contact": ContactForm, "emergency": EmergencyForm}
