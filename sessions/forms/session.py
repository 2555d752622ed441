"""The form in which a therapist says what an attended visit was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.forms.widgets import ChoiceCards
from sessions import kinds
from sessions.forms.course import only_fields


class KindForm(forms.Form):
    choice = forms.ChoiceField(label=_("It was"), choices=list(kinds.LABELS.items()), widget=ChoiceCards(size="one"))
    helper = only_fields()

    def __init__(self, *args: Any, notes: Mapping[str, str], **kwargs: Any) -> None:
        """``notes`` says under each choice what it would do to the numbers."""
        super().__init__(*args, **kwargs)
        self.fields["choice"].widget.notes = notes
