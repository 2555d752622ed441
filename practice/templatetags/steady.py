"""Parts of a page that come out the same for the same inputs are rendered once per process.

Rendering is most of what a public page costs. ``steady`` is told all inputs of its content and trusted with it; nothing
that belongs to one reader may stand inside: no CSRF token, no typed word, no name of a patient.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
MOST = 2_000
FACTS = ("name", "short_name", "phone", "address", "opening_hours", "time_zone")
numbers = count()  # a compiled template is kept, so the number of a node in it is its name
rendered: OrderedDict[tuple, SafeString] = OrderedDict()


def facts_of(practice: Any) -> tuple[str, ...]:
    """What pages print of the practice; kept on the row, which every page of the next seconds shares."""
    known = getattr(practice, "steady_facts", None)
    if known is None and practice:
        known = practice.steady_facts = tuple(str(getattr(practice, name)) for name in FACTS)
    return known or ()


class SteadyNode(Node):
    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList, keys: list[FilterExpression], *, by_page: bool, visitors: bool) -> None:
        self.nodelist = nodelist
        self.number = next(numbers)
        self.keys = keys
        self.by_page = by_page
        self.visitors = visitors

    def render(self, context: template.Context) -> SafeString:
        key = self.key(context)
        if key is None:
            return self.nodelist.render(context)
        found = rendered.get(key)
        if found is None:
            found = rendered[key] = self.nodelist.render(context)
            while len(rendered) > MOST:
                rendered.popitem(last=False)
        return found

    def key(self, context: template.Context) -> tuple[Any, ...] | None:
        """All that the content depends on; None where it must be rendered anew."""
        request = context.get("request")
        ground = ground_of(context, request)
        if settings.DEBUG or (self.visitors and not ground[0]):
            return None
        page: tuple[Any, ...] = ()
        if self.by_page:
            name = context.template.name
            if name is None or request is None:  # a template out of no file shares its name with every other such
                return None
            page = name, request.resolver_match and request.resolver_match.view_name
        return self.number, page, ground, *[key.resolve(context) for key in self.keys]


def ground_of(context: template.Context, request: HttpRequest | None) -> tuple[Any, ...]:
    """What all parts of one answer depend on: whether a visitor reads, the language, the practice; asked once."""
    known = getattr(request, "steady_ground", None)
    if known is None:
        reader = getattr(request, "user", None)  # none yet where a request is refused before anybody was looked for
        visits = reader is not None and not reader.is_authenticated
        known = visits, get_language(), facts_of(context.get("practice"))
        if request is not None and reader is not None:
            request.steady_ground = known
    return known


def parse(parser: Parser, token: Token, end: str, *, by_page: bool = False, visitors: bool = False) -> SteadyNode:
    keys = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return SteadyNode(nodelist, keys, by_page=by_page, visitors=visitors)


@register.tag
def steady(parser: Parser, token: Token) -> SteadyNode:
    """``{% steady key other_key %}...{% endsteady %}``: the keys, all hashable, are everything the content depends on,
    beside the language and the practice's own facts.
    """
    return parse(parser, token, "endsteady")


@register.tag
def steady_page(parser: Parser, token: Token) -> SteadyNode:
    """What a page's own template decides alone, such as its stylesheets; one rendering per page for all readers."""
    return parse(parser, token, "endsteady_page", by_page=True)


@register.tag
def steady_for_visitors(parser: Parser, token: Token) -> SteadyNode:
    """The frame of a page, the same for everybody who is not signed in; one rendering per page."""
    return parse(parser, token, "endsteady_for_visitors", by_page=True, visitors=True)
