"""The few template tags of the look: icons, telephone numbers, the navigation, counted headings, undo of a message."""

import datetime as dt
from functools import cache
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import phonenumbers
from django import template
from django.conf import settings
from django.template.base import Node, NodeList, Parser, Token
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from practice.zone import zone_for, zone_label

register = template.Library()
register.filter(zone_for)
SVG = "{http://www.w3.org/2000/svg}"
UNDO = "undo="


@cache
def drawings() -> dict[str, str]:
    """The inner SVG of every symbol in static/icons.svg, by its name; read once per process."""
    ElementTree.register_namespace("", SVG.strip("{}"))
    tree = ElementTree.parse(settings.BASE_DIR / "static" / "icons.svg")
    return {
        symbol.attrib["id"]: "".join(
            ElementTree.tostring(child, encoding="unicode").strip().replace(f' xmlns="{SVG.strip("{}")}"', "")
            for child in symbol
        )
        for symbol in tree.getroot().iter(f"{SVG}symbol")
    }


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon beside a word, drawn in the page itself: no further request, and it takes the colour of the text."""
    if name not in drawings():
        raise template.TemplateSyntaxError(f"static/icons.svg has no icon {name!r}.")
    return mark_safe(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{drawings()[name]}</svg>')


def parsed(number) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(str(number), settings.PHONENUMBER_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None


@register.filter
def tel(number) -> str:
    """A telephone number as people at home write it, with the country code for numbers from elsewhere."""
    phone = parsed(number)
    if phone is None:
        return str(number)
    home = phonenumbers.country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION) == phone.country_code
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(phone, style)


@register.filter
def tel_link(number) -> SafeString:
    """A telephone number one can press."""
    phone = parsed(number)
    if phone is None:
        return format_html("{}", number)
    return format_html(
        '<a href="{}">{}</a>', phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.RFC3966), tel(number)
    )


@register.filter
def tel_href(number) -> str:
    phone = parsed(number)
    return "" if phone is None else phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.RFC3966)


WORDS = [_("One"), _("Two"), _("Three"), _("Four"), _("Five"), _("Six"), _("Seven"), _("Eight"), _("Nine")]


@register.filter
def in_words(count: int) -> str:
    """``4`` -> ``Four`` at the start of a sentence; figures from ten on."""
    return str(WORDS[count - 1]) if 1 <= count <= len(WORDS) else str(count)


@register.filter
def initials(name: str) -> str:
    """``Ines Varga`` -> ``IV``, for the round sign beside a therapist."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def in_minutes(length: dt.timedelta) -> int:
    return round(length.total_seconds() / 60)


@register.filter
def dollars(cents: int) -> str:
    """``14000`` -> ``$140``; cents only where there are some."""
    whole, rest = divmod(cents, 100)
    return f"${whole:,}.{rest:02}" if rest else f"${whole:,}"


def wall_clock(moment: dt.datetime) -> str:
    return date_format(moment, "g:i A").lower()


@register.filter
def clock(moment: dt.datetime) -> str:
    """``2:00 pm`` in the current zone: how patients read a time. Staff calendars print ``date:"G:i"``."""
    return wall_clock(timezone.localtime(moment))


@register.filter
def day_word(moment: dt.datetime) -> str:
    """``Today``, ``Tomorrow`` or the weekday, in the current zone."""
    ahead = (timezone.localdate(moment) - timezone.localdate()).days
    return {0: _("Today"), 1: _("Tomorrow")}.get(ahead) or date_format(timezone.localtime(moment), "l")


@register.filter
def zone_name(zone: str) -> str:
    """``Pacific`` for ``America/Los_Angeles``."""
    return zone_label(zone)


@register.filter
def zone_words(appointment, reader) -> str:
    """Whose clock the printed time follows; for a call across zones also the time at the clinic (architecture.md 5)."""
    zone = zone_for(appointment, reader)
    words = _("Times are %(zone)s.") % {"zone": zone_label(zone, appointment.starts_at)}
    there = appointment.starts_at.astimezone(ZoneInfo(appointment.zone))
    if there.utcoffset() == appointment.starts_at.astimezone(ZoneInfo(zone)).utcoffset():
        return words
    at_clinic = _("%(time)s at the clinic (%(zone)s).") % {
        "time": f"{date_format(there, 'l')}, {wall_clock(there)}",
        "zone": zone_label(appointment.zone, appointment.starts_at),
    }
    return f"{words} {at_clinic}"


@register.filter
def change_until(appointment) -> dt.datetime:
    """The last moment at which the person may move or cancel without calling."""
    return appointment.starts_at - appointment.type.change_deadline


@register.filter
def day_heading(rows) -> str:
    count = sum(1 for row in rows if "visit" in row)
    if not count:
        return str(_("A free day"))
    return ngettext("%(count)s visit today", "%(count)s visits today", count) % {"count": in_words(count)}


@register.filter
def error_heading(form) -> str:
    """The heading of the error summary: how many answers need another look."""
    count = sum(len(errors) for errors in form.errors.values())
    return ngettext("%(count)s answer needs another look", "%(count)s answers need another look", count) % {
        "count": in_words(count)
    }


@register.filter
def first_input(field) -> str:
    """The id that a link in the error summary must lead to: the first input of a group, or the input itself."""
    if not field.use_fieldset:
        return field.id_for_label
    first = getattr(field.field.widget, "first_id", None)
    return first(field.auto_id) if first else f"{field.auto_id}_0"


@register.filter
def undo_url(message) -> str:
    """Where a message with ``extra_tags="undo=/address"`` takes its undo; empty without one."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""


class NavNode(Node):
    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> str:
        shell = context.get("shell")
        if shell is None:
            return ""
        current = self.nodelist.render(context).strip()
        places = shell.marked(current)
        return get_template("parts/nav.html").render({"places": places}) if places else ""


@register.tag
def nav(parser: Parser, token: Token) -> NavNode:
    """``{% nav %}{% block nav_current %}{% endblock %}{% endnav %}``: the places of this person, the named one marked.

    A page that names nothing lets its URL name decide.
    """
    nodelist = parser.parse(("endnav",))
    parser.delete_first_token()
    return NavNode(nodelist)
