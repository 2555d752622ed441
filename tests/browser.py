"""A real Chromium for tests: pages of signed-in people, the accessibility gate, the weight of a first visit.

Without a browser the tests marked ``browser`` are skipped, and fail under CI.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Response, sync_playwright

from launch.browser import find_browser
from launch.testing import WITHOUT_BROWSER

# No sandbox: it needs rights that root and containers do not have. The rest keeps Chromium from asking the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 15_000  # milliseconds for any one wait
FIRST_VISIT = 100_000  # bytes over the wire


class View(NamedTuple):
    """A page at a width, in light or dark."""

    width: int
    scheme: str


# Both widths and both schemes in two runs: the first asks all rules, the second those that a view decides. The walk
# over all pages takes the one pair and the other in turn, so that every page is seen at both widths and in both
# schemes, and what pages share in all four; `dev.py prove pages` asks everything of every page in all four.
STATE = (View(390, "light"), View(1280, "dark"))
CROSSED = (View(1280, "light"), View(390, "dark"))
EVERY_VIEW = (*STATE, *CROSSED)
LOOKS = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
ASKED = "[typeof axe === 'object', ...Array.from(document.styleSheets, sheet => sheet.href || '')]"
judged_sheets: set[frozenset[str]] = set()
# A 401, 404, 409 or 422 that a test asks for is a line in the console, not a fault.
EXPECTED_ANSWERS = ("the server responded with a status of 4", "Response Status Error Code 4")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One headless browser for the session; every test opens windows of its own."""
    path = find_browser()
    if not path:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(WITHOUT_BROWSER)
    home = str(tmp_path_factory.mktemp("chromium-home"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, env={**os.environ, "HOME": home}, timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def windows(chromium: Browser) -> Iterator[dict[bool, list[BrowserContext]]]:
    """Windows that nobody uses now, with script and without. Opening one costs more than most tests, so they are kept.

    Each has an empty page that keeps it open. Whoever gives one back leaves no cookie and no page in it; whatever else
    a browser remembers it keeps by origin, and every test is served from a port of its own.
    """
    free: dict[bool, list[BrowserContext]] = {True: [], False: []}
    yield free
    for context in (*free[True], *free[False]):
        context.close()


def open_window(chromium: Browser, *, javascript: bool) -> BrowserContext:
    context = chromium.new_context(
        java_script_enabled=javascript,
        timezone_id="America/Los_Angeles",
        locale="en-US",
        reduced_motion="no-preference",
    )
    context.set_default_timeout(TIMEOUT)
    context.new_page()
    return context


@pytest.fixture
def page_for(chromium: Browser, windows, served: str, as_) -> Iterator[Callable[..., Page]]:
    """``page_for(user, width=1280, javascript=True)``: a page in a window of that person's own; ``None`` is a visitor.

    ``with_clock`` gives the page a clock that the test moves; it stays in its window, so nobody gets that afterwards.
    Paths are enough for ``goto``. At the end of the test any script error, refused resource or request to another
    host fails it.
    """
    taken: list[tuple[BrowserContext, list[BrowserContext] | None]] = []  # and where it goes back to
    complaints: list[str] = []

    def open_page(
        user=None, *, width: int = 1280, javascript: bool = True, scheme: str = "light", with_clock: bool = False
    ) -> Page:
        free = None if with_clock else windows[javascript]
        context = free.pop() if free else open_window(chromium, javascript=javascript)
        taken.append((context, free))
        if with_clock:
            context.clock.install()
        if user is not None:
            cookie = as_(user).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": served}])
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 844 if width < 768 else 900})
        page.emulate_media(color_scheme=scheme)
        page.goto = partial(goto, served, page.goto)
        page.on("console", lambda message: complaints.extend(complaint_of(message)))
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("request", lambda request: complaints.extend(stranger(request.url, served)))
        return page

    yield open_page
    for context, free in taken:
        if free is None:
            context.close()
            continue
        _empty, *pages = context.pages
        for page in pages:
            page.close()
        context.clear_cookies()
        free.append(context)
    assert complaints == []


def goto(served: str, go: Callable[..., Response], path: str, **how) -> Response:
    return go(urljoin(served, path), **how)


def complaint_of(message) -> list[str]:
    if message.type != "error" or any(expected in message.text for expected in EXPECTED_ANSWERS):
        return []
    return [f"console: {message.text}"]


def stranger(url: str, served: str) -> list[str]:
    """A complaint when a page asks anybody but our own server for something."""
    parts = urlsplit(url)
    return [] if parts.scheme in ("data", "blob") or parts.netloc == urlsplit(served).netloc else [f"asked {url}"]


def assert_accessible(page: Page, views: tuple[View, ...] = STATE) -> None:
    """axe finds nothing and nothing scrolls sideways, in light and dark. Needs script in the page."""
    before = page.viewport_size
    assert faults_seen(page, views) == [], page.url
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)


def faults_seen(page: Page, views: tuple[View, ...]) -> list[str]:
    """What is wrong with the page as it stands, in each of these views."""
    found = []
    for place, view in enumerate(views):
        page.set_viewport_size({"width": view.width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > view.width:
            found.append(f"scrolls sideways at {view.width}")
        page.emulate_media(color_scheme=view.scheme, reduced_motion="reduce")
        rules = () if place == 0 or views == EVERY_VIEW else LOOKS
        found += [f"at {view.width} in {view.scheme}: {each}" for each in findings(page, rules)]
    return found


def findings(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe objects to on the page as it stands; of ``rules`` only, if there are any.

    Its one rule about the source of the stylesheets fetches them again, so it is asked once for each set of them.
    """
    has_axe, *sheets = page.evaluate(ASKED)
    if not has_axe:
        page.add_init_script(AXE_SCRIPT)  # for the next pages of this window; loading it takes as long as a run
        page.evaluate(AXE_SCRIPT)
    names = frozenset(urlsplit(sheet).path for sheet in sheets)
    options = {"resultTypes": ["violations"], "preload": names not in judged_sheets}
    judged_sheets.add(names)
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    violations = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    return [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"]]


def wire_weight(page: Page, path: str) -> int:
    """Bytes of a first visit, in a window that has been nowhere yet: pages as they are, static files gzipped."""
    answers = []

    def note(answer) -> None:
        answers.append(answer)

    page.on("response", note)
    assert page.goto(path).ok, f"{path} does not answer"
    page.remove_listener("response", note)
    return sum(bytes_of(answer) for answer in answers)


def bytes_of(answer: Response | APIResponse) -> int:
    """What one answer weighs; a redirect has no body to weigh."""
    if 300 <= answer.status < 400:
        return 0
    body = answer.body()
    return len(gzip.compress(body)) if urlsplit(answer.url).path.startswith("/static/") else len(body)
