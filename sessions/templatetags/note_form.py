"""Filters of the note: what is said about a part that is not a plain field, and a measure in words."""

from django import template

from sessions import note_words
from sessions.forms.note import NoteForm

register = template.Library()
register.filter("since_start", note_words.since_start)


@register.filter
def said(form: NoteForm, key: str) -> list:
    return form.said(key)
