"""Django's own error sentences in the practice's voice: what to do next, not what was wrong (design: "Voice")."""

from django import forms
from django.core.validators import EmailValidator, MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


def speak_plainly() -> None:
    """Give every form field our sentences where a form does not bring better ones of its own; called once at start."""
    forms.Field.default_error_messages["required"] = _("This one is still open.")
    forms.BooleanField.default_error_messages = {"required": _("Tick this to go on.")}
    for choice in (forms.ChoiceField, forms.ModelChoiceField):
        choice.default_error_messages["invalid_choice"] = _("Choose one of the answers shown.")
    forms.DateField.default_error_messages["invalid"] = _("We do not know this date. Check month, day and year.")
    forms.TimeField.default_error_messages["invalid"] = _("We do not know this time. Write it like 14:30.")
    forms.IntegerField.default_error_messages["invalid"] = _("Write a number without letters, like 12.")
    EmailValidator.message = _("Add the whole address, like rosa@example.org.")
    MaxLengthValidator.message = ngettext_lazy(
        "Make this shorter: there is room for %(limit_value)d character, and here are %(show_value)d.",
        "Make this shorter: there is room for %(limit_value)d characters, and here are %(show_value)d.",
        "limit_value",
    )
