"""Filters of the note: what is said about a part that is not a plain field, and a band in words."""

from django import template

from intake.band_words import band_words
from sessions.forms.note import NoteForm

register = template.Library()
register.filter("band_words", band_words)


@register.filter
def said(form: NoteForm, key: str) -> list:
    return form.said(key)
