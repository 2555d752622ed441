"""Markdown to HTML that cannot carry a script: raw HTML is off, and an allow-list cleans what comes out."""

from __future__ import annotations

import html
import re
from typing import TypedDict

import nh3
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from education.source import BOX, CITED, Source

MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(["replacements", "smartquotes"])
TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br"}
ATTRIBUTES = {"a": {"href"}}
SCHEMES = {"https", "tel", "sms"}
H2 = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
WORDS_A_MINUTE = 180


class Part(TypedDict):
    """A stretch of an article: ``kind`` is prose, action or doctor; a box has a title and an anchor, prose has none."""

    kind: str
    title: str
    anchor: str
    html: str


class Entry(TypedDict):
    """One line of the table of contents."""

    anchor: str
    title: str


def safe_html(markdown: str) -> str:
    """HTML of a stretch of Markdown: only the tags of a plain text, no classes, no styles, no pictures, safe links."""
    return nh3.clean(MARKDOWN.render(markdown), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES)


def render(source: Source) -> tuple[list[Part], list[Entry]]:
    """The parts of an article in order, ready to print, and its table of contents."""
    numbers = {reference["key"]: number for number, reference in enumerate(source.references, start=1)}
    contents: list[Entry] = []
    parts: list[Part] = []

    def anchored(title: str) -> str:
        anchor = f"{slugify(title)[:60] or 'part'}-{len(contents) + 1}"
        contents.append({"anchor": anchor, "title": title})
        return anchor

    def heading(match: re.Match[str]) -> str:
        # The contents keep plain text, entities turned back, because templates escape what they print.
        return f'<h2 id="{anchored(html.unescape(TAG.sub("", match[1])).strip())}">{match[1]}</h2>'

    def citation(match: re.Match[str]) -> str:
        number = numbers.get(match[1])
        if number is None:
            return match[0]
        label = _("Source %(number)s") % {"number": number}
        return format_html('<a href="#source-{}" aria-label="{}">[{}]</a>', number, label, number)

    def add(kind: str, title: str, anchor: str, markdown: str) -> None:
        if markdown.strip():
            cleaned = H2.sub(heading, safe_html(markdown))
            parts.append({"kind": kind, "title": title, "anchor": anchor, "html": CITED.sub(citation, cleaned)})

    position = 0
    for box in BOX.finditer(source.body):
        add("prose", "", "", source.body[position : box.start()])
        add(box["kind"], box["title"], anchored(box["title"]), box["text"])
        position = box.end()
    add("prose", "", "", source.body[position:])
    return parts, contents


def minutes(body: str) -> int:
    """Reading time of a text in whole minutes, at least one."""
    return max(1, round(len(body.split()) / WORDS_A_MINUTE))
