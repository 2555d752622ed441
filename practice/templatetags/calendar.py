"""The chips of the calendar: a week of everybody holds hundreds, so one call builds a cell, not ten nodes a chip."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from practice.templatetags.evenkeel import icon
from practice.week import Visit

register = template.Library()
CHIP = (
    '<a class="appt {}" href="{}&open={}#opened"{}><time>{}</time><b>{}</b>{}'
    '<span class="visually-hidden">, {}</span>{}</a>'
)
CURRENT, NO_ICON, NOTHING = mark_safe(' aria-current="true"'), mark_safe("<i></i>"), mark_safe("")


@register.simple_tag
def chips(visits: list[Visit], here: str, opened: int | None, with_place: bool) -> SafeString:
    """The visits of one cell as links that open their sheet; ``here`` is the query string of the calendar."""
    return format_html_join(
        "",
        CHIP,
        (
            (
                visit.look,
                here,
                visit.pk,
                CURRENT if visit.pk == opened else NOTHING,
                visit.clock,
                visit.name,
                icon(visit.icon) if visit.icon else NO_ICON,
                visit.word,
                format_html("<em>{}</em>", visit.place) if with_place else NOTHING,
            )
            for visit in visits
        ),
    )
