"""One filter for the note editor: what is said about a part that is not a plain field."""

from django import template

from sessions.forms.note import NoteForm

register = template.Library()


@register.filter
def said(form: NoteForm, key: str) -> list:
    return form.said(key)
