"""The filter of the therapist directory: a query string, with choices made of what the therapists themselves offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from practice.models import Modality, Therapist
from practice.models.people import is_self_pay

# Languages people speak with us that Django has no name for.
FURTHER_LANGUAGES = {"yo": gettext_noop("Yoruba"), "tl": gettext_noop("Tagalog"), "so": gettext_noop("Somali")}


def language_name(code: str) -> str:
    """``es`` -> Spanish; the code itself where nobody knows it."""
    return _(LANG_INFO.get(code, {}).get("name") or FURTHER_LANGUAGES.get(code, code))


def self_pay_first(value: str) -> tuple[bool, str]:
    """Sorts by the alphabet, with paying oneself in front of the insurance plans."""
    return not is_self_pay(value), value


class DirectoryForm(forms.Form):
    """GET only, works without script. A value nobody offers finds nobody and says so."""

    way = forms.MultipleChoiceField(
        label=gettext_lazy("How to meet"),
        required=False,
        choices=Modality.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    condition = forms.ChoiceField(label=gettext_lazy("Kind of pain"), required=False)
    approach = forms.ChoiceField(label=gettext_lazy("Way of working"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    payer = forms.ChoiceField(label=gettext_lazy("Payment"), required=False)

    def __init__(self, query: Any, therapists: Iterable[Therapist]) -> None:
        super().__init__(query, auto_id="filter_%s")
        people = list(therapists)
        for name, attribute in (("condition", "conditions"), ("approach", "approaches"), ("payer", "payers")):
            values = sorted({value for person in people for value in getattr(person, attribute)}, key=self_pay_first)
            self.fields[name].choices = [("", _("Any")), *((value, value) for value in values)]
        codes = {code for person in people for code in person.languages}
        named = sorted((language_name(code), code) for code in codes)
        self.fields["language"].choices = [("", _("Any")), *((code, name) for name, code in named)]

    def chosen(self) -> dict[str, Any]:
        """The filters that are set; ones that do not read are shown as errors and count as not set."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def matches(self, person: Therapist, ways: Iterable[str]) -> bool:
        """Whether a therapist who meets by ``ways`` fits every filter; any one of several ways is enough."""
        chosen = self.chosen()
        wanted = {"condition": person.conditions, "approach": person.approaches}
        wanted |= {"language": person.languages, "payer": person.payers}
        fits = all(chosen[name] in offered for name, offered in wanted.items() if name in chosen)
        return fits and ("way" not in chosen or bool(set(chosen["way"]) & set(ways)))
