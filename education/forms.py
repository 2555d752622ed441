"""What a patient says about a text, and what a therapist chooses to give."""

from __future__ import annotations

from crispy_forms.helper import FormHelper
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from education.articles import assignable
from education.models import ArticleVersion
from practice.forms.line import LineField
from practice.forms.widgets import ChoiceCards

LONGEST_QUESTION = 2000


def only_fields() -> FormHelper:
    """The template writes the form element and its button itself."""
    helper = FormHelper()
    helper.form_tag = False
    return helper


class QuestionForm(forms.Form):
    question = forms.CharField(
        label=_("Your question"),
        max_length=LONGEST_QUESTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Your therapist reads it before your next session. It is not watched live."),
    )
    helper = only_fields()


class FinishForm(QuestionForm):
    helpful = forms.TypedChoiceField(
        label=_("Was it helpful?"),
        choices=[("yes", _("Yes")), ("no", _("Not really"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        widget=ChoiceCards(size="tight"),
    )
    field_order = ["helpful", "question"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["question"].label = _("A question for my therapist")


class AssignmentForm(forms.Form):
    article = forms.ChoiceField(label=_("Article"), widget=ChoiceCards)
    note = LineField(
        label=_("A word to go with it"),
        max_length=300,
        required=False,
        help_text=_("The patient sees this above the article, such as: the part about pacing fits what we said."),
    )
    helper = only_fields()

    def __init__(self, *args, given: frozenset[int] = frozenset(), **kwargs) -> None:
        """``given``: ids of the articles that the patient has and has not finished; their cards say so."""
        super().__init__(*args, **kwargs)
        self.texts = {str(text.article_id): text for text in assignable(timezone.now().date())}
        field = self.fields["article"]
        field.choices = [(key, text.title) for key, text in self.texts.items()]
        field.widget.notes = {str(pk): _("Given already, not finished yet") for pk in given}

    def clean_article(self) -> ArticleVersion:
        return self.texts[self.cleaned_data["article"]]
