"""A browser of the standard library: cookies, pages, links, and forms that refuse what the page does not offer."""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT = 30.0  # seconds for one answer
BLOCKS = {"p", "div", "li", "h1", "h2", "h3", "td", "th", "dd", "dt", "section", "form", "button", "legend", "label"}


class Missed(Exception):
    """A step did not hold: where, what came, and what was missing."""

    def __init__(self, what: str, page: Page | None = None) -> None:
        where = f" at {page.url} (status {page.status})" if page else ""
        said = f"; the page says: {page.complaints}" if page and page.status != 200 and page.complaints else ""
        super().__init__(f"{what}{where}{said}")


@dataclass
class Field:
    """One named control: what it holds, and for choices what it offers."""

    kind: str
    values: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    text: str = ""

    def of(self, name: str) -> Field:
        return self.fields.setdefault(name, Field(""))

    def filled(self, page: Page, **given: Any) -> list[tuple[str, str]]:
        """The pairs a browser would send after ``given`` was typed and chosen. Raises Missed for what is not there."""
        known = {name: list(control.values) for name, control in self.fields.items()}
        for name, value in given.items():
            control = self.fields.get(name)
            if control is None:
                raise Missed(f"the form has no field “{name}”", page)
            wanted = [str(each) for each in value] if isinstance(value, list) else [str(value)]
            for each in wanted:
                if control.offered and each not in control.offered:
                    raise Missed(f"“{name}” does not offer “{each}”", page)
            known[name] = wanted
        return [(name, value) for name, values in known.items() for value in values]


class Reader(HTMLParser):
    """Collects forms, links and text of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.complaints: list[str] = []
        self.form: Form | None = None
        self.select: Field | None = None
        self.area: Field | None = None
        self.skip = 0
        self.error_tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self.text.append(" ")
        if tag in ("script", "style"):
            self.skip += 1
        elif tag == "form":
            self.form = Form(has.get("action", ""), has.get("method", "get").lower())
            self.forms.append(self.form)
        elif tag == "a":
            self.links.append((has.get("href", ""), ""))
        elif tag in ("input", "select", "textarea", "option"):
            self.control(tag, has)
        if "error" in has.get("class", "").split() and not self.error_tag and "hidden" not in has:
            self.error_tag = tag

    def control(self, tag: str, has: dict[str, str]) -> None:
        if tag == "option":
            if self.select is not None:
                value = has.get("value", "")
                self.select.offered.append(value)
                if "selected" in has or not self.select.values:
                    self.select.values = [value]
            return
        if self.form is None or not has.get("name") or "disabled" in has:
            return
        kind = has.get("type", "text").lower() if tag == "input" else tag
        control = self.form.of(has["name"])
        control.kind = kind
        if kind in ("radio", "checkbox"):
            value = has.get("value", "on")
            control.offered.append(value)
            if "checked" in has:
                control.values.append(value)
        elif tag == "select":
            self.select = control
        elif tag == "textarea":
            self.area = control
            control.values.append("")
        elif kind not in ("submit", "button", "image", "reset"):
            control.values.append(has.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.skip -= 1
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None
        if tag == self.error_tag:
            self.error_tag = ""

    def handle_data(self, data: str) -> None:
        if self.skip:
            return
        if self.area is not None:
            self.area.values[-1] += data
            return
        self.text.append(data)
        if self.error_tag and data.strip():
            self.complaints.append(data.strip())
        if self.form is not None:
            self.form.text += data
        if self.links and self.links[-1][1] == "" and data.strip():
            self.links[-1] = (self.links[-1][0], data.strip())


class Page:
    """One answer: where it came from in the end, its status, its words, forms and links."""

    def __init__(self, url: str, status: int, body: bytes, content_type: str = "text/html") -> None:
        self.url, self.status, self.body = url, status, body
        reader = Reader()
        if content_type.startswith("text/html"):
            reader.feed(body.decode("utf-8", "replace"))
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join("".join(reader.text).split())
        self.complaints = "; ".join(dict.fromkeys(reader.complaints))[:300]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def says(self, *words: str) -> Page:
        """The page itself, if it is a 200 that holds all the words."""
        if self.status != 200:
            raise Missed(f"the page did not come, wanted {words or 'it'}", self)
        for word in words:
            if word not in self.text:
                raise Missed(f"“{word}” is not on the page", self)
        return self

    def form(self, action: str = "", *, having: str = "") -> Form:
        """The POST form whose action ends so or whose field is so named."""
        for form in self.forms:
            target = form.action or self.path
            if form.method == "post" and (not action or action in target) and (not having or having in form.fields):
                return form
        raise Missed(f"no form “{action or having}”", self)

    def link(self, part: str) -> str:
        """The first link whose address holds ``part``."""
        for href, _words in self.links:
            if part in href:
                return href
        raise Missed(f"no link “{part}”", self)


class Browser:
    """One person's browser, with its own cookies and without a proxy."""

    def __init__(self, site: str) -> None:
        self.site = site.rstrip("/")
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def get(self, address: str, base: Page | None = None) -> Page:
        return self.ask(urllib.request.Request(self.whole(address, base)))

    def follow(self, page: Page, part: str) -> Page:
        """Click the first link whose address holds ``part``."""
        return self.get(page.link(part), page)

    def send(self, page: Page, form: Form, button: str = "", **given: Any) -> Page:
        """Fill in a form of ``page`` and send it; ``button`` names the one pressed, where it matters."""
        pairs = form.filled(page, **given) + ([(button, "1")] if button else [])
        return self.post(page, form.action, pairs)

    def post(self, page: Page, action: str, pairs: list[tuple[str, str]]) -> Page:
        address = self.whole(action or page.url, page)
        request = urllib.request.Request(address, urlencode(pairs).encode(), {"Referer": page.url})
        return self.ask(request)

    def whole(self, address: str, base: Page | None) -> str:
        """The address on the site we walk, also for a link of a letter that names the site otherwise."""
        parts = urlsplit(urljoin(base.url if base else self.site + "/", address))
        return f"{self.site}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"

    def ask(self, request: urllib.request.Request) -> Page:
        try:
            answer = self.opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            answer = error
        except OSError as error:
            raise Missed(f"{request.full_url} did not answer: {error}") from error
        with answer:
            kind = answer.headers.get("Content-Type", "")
            return Page(answer.url, answer.status, answer.read(), kind)
