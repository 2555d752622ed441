"""The note as a form: what was typed goes in and out as it is; what is missing is said beside its field.

A draft is never refused, so this form does not validate. ``read`` turns a request's data into a content, ``NoteForm``
shows one, with the problems of ``note_completeness.problems`` when the author asks what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from practice.forms.widgets import ChoiceCards, ManyChoiceCards, PainScale
from sessions import note_fields
from sessions.forms.course import ExtensionReason
from sessions.note_completeness import Problem
from sessions.note_fields import Content, Field, Words

REVIEW_KEY = re.compile(r"review-(\d+)-(outcome|obstacle|learning)")
MINUTES_KEY = re.compile(r"minutes-([A-Z0-9-]+)")
TIMES = ("time_in", "time_out")
PAIRS = (("risk_plan", "risk_intent", "risk_means", "risk_attempt"), ("risk_others", "risk_abuse"))


class Picks(forms.RadioSelect):
    """Radios as a row of small keys, for a handful of numbers."""

    template_name = "sessions/note/picks.html"


def read(data: QueryDict, kind: str) -> dict[str, Any]:
    """What was typed, every character kept; empty parts are left out. Line ends are the plain ones."""
    content: dict[str, Any] = {}
    for entry in note_fields.fields_of(kind):
        content[entry.key] = data.getlist(entry.key) if entry.type == "many" else plain(data.get(entry.key, ""))
    if kind == note_fields.SESSION:
        rows = zip(data.getlist("homework_text"), data.getlist("homework_often"), strict=False)
        content["homework"] = [{"text": text, "how_often": often} for text, often in rows if text or often]
        content["interventions"] = data.getlist("interventions")
        content["modules"] = data.getlist("modules")
        content["reviews"] = read_reviews(data)
        content["intervention_minutes"] = {
            found[1]: data[key] for key in data if (found := MINUTES_KEY.fullmatch(key)) and data[key]
        }
    return {key: value for key, value in content.items() if value}


def read_reviews(data: QueryDict) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for key in data:
        if (found := REVIEW_KEY.fullmatch(key)) and data[key]:
            rows.setdefault(found[1], {})[found[2]] = data[key]
    return rows


def plain(text: str) -> str:
    return text.replace("\r\n", "\n")


@dataclass
class Row:
    """Fields that stand beside or below each other; ``when`` says on which answer they depend."""

    fields: list[BoundField]
    css: str = ""
    when: str = ""
    values: str = ""

    @property
    def key(self) -> str:
        return self.fields[0].name


@dataclass
class Block:
    """A part of the form. On a narrow page it folds: ``left`` says how much is left in it, ``is_open`` that it is
    unfolded to begin with."""

    key: str
    title: Words
    rows: list[Row] = field(default_factory=list)
    asks: bool = False
    left: int = 0
    is_open: bool = False

    @property
    def state(self) -> Words:
        """What its folded line says; nothing where all of it is optional."""
        if self.left:
            return ngettext("%(count)s left", "%(count)s left", self.left) % {"count": self.left}
        return _("Complete") if self.asks else ""


class NoteForm(forms.Form):
    use_required_attribute = False

    def __init__(self, kind: str, content: Content, problems: Iterable[Problem] = (), hide: Sequence[str] = ()) -> None:
        """``hide`` names fields that are not asked for here and now, such as the reason for missing measures."""
        super().__init__(data=dict(content))
        self.kind, self.content, self.problems = kind, content, list(problems)
        self.entries = [e for e in note_fields.fields_of(kind) if e.key not in hide or content.get(e.key)]
        for entry in self.entries:
            self.fields[entry.key] = form_field(entry, kind)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def full_clean(self) -> None:
        """Nothing is refused while a note is a draft; the problems asked for stand beside their fields."""
        self._errors, self.cleaned_data = ErrorDict(), {}
        for problem in self.problems:
            if problem.key in self.fields:
                self.add_error(problem.key, problem.sentence)

    @property
    def blocks(self) -> list[Block]:
        """The blocks of this kind of note in the order of clinical.md 5.1, with their fields in rows."""
        found = {key: Block(key, note_fields.BLOCKS[key]) for key in note_fields.blocks_of(self.kind)}
        for entry in self.entries:
            rows = found[entry.block].rows
            found[entry.block].asks |= self.kind in entry.needed
            css = "times" if entry.key in TIMES else "field-pair" if any(entry.key in pair for pair in PAIRS) else ""
            when, values = (entry.when[0], " ".join(entry.when[1])) if entry.when else ("", "")
            if css and rows and (rows[-1].css, rows[-1].when) == (css, when):
                rows[-1].fields.append(self[entry.key])
            else:
                rows.append(Row([self[entry.key]], css, when, values))
        return list(found.values())

    def said(self, key: str) -> list[Words]:
        """The sentences for a part that is not a plain field: homework, interventions, modules, the review."""
        return [problem.sentence for problem in self.problems if problem.key == key]


def form_field(entry: Field, kind: str) -> forms.Field:
    required = kind in entry.needed or (entry.when is not None and entry.key != "late_minutes")
    options = {"label": entry.label, "help_text": entry.hint, "required": required}
    if entry.type == "many":
        return forms.MultipleChoiceField(choices=entry.choices, widget=ManyChoiceCards(size="tight"), **options)
    if entry.type == "scale":
        ends = (_("No pain"), _("As bad as can be"))
        return forms.ChoiceField(choices=entry.choices, widget=PainScale(ends=ends, small=True), **options)
    if entry.choices == note_fields.ENGAGEMENT:
        return forms.ChoiceField(choices=entry.choices, widget=Picks(), **options)
    if entry.choices:
        return forms.ChoiceField(choices=entry.choices, widget=ChoiceCards(size="tight"), **options)
    if entry.type == "text":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": entry.rows}), **options)
    attrs = {"inputmode": "numeric", "autocomplete": "off"} if entry.type in ("time", "number") else {}
    return forms.CharField(widget=forms.TextInput(attrs=attrs), **options)


# -- Signing again and addenda ---------------------------------------------------------------------------------------
class SignForm(forms.Form):
    """The last look: the password or a code once more, and a word where the text repeats last time's."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    similar = forms.BooleanField(label=_("The text is meant to be the same"), required=False)
    extension_reason = ExtensionReason()
    proof = forms.CharField(
        label=_("Your password, or the code of your app"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Typing it again is your signature."),
    )

    def __init__(
        self, *args: Any, by_passkey: bool = False, is_similar: bool = False, past_plan: bool = False, **kwargs: Any
    ) -> None:
        """``by_passkey``: the person has shown a passkey a moment ago and is not asked for more."""
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        if by_passkey:
            del self.fields["proof"]
        if not is_similar:
            del self.fields["similar"]
        if not past_plan:
            del self.fields["extension_reason"]
