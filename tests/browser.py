"""A real Chromium for tests: pages of signed-in people, the accessibility gate, the weight of a first visit.

Without a browser the tests marked ``browser`` are skipped, and fail under CI.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from playwright.sync_api import Browser, Page, Response, sync_playwright

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
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
TIMEOUT = 15_000  # milliseconds for any one wait
FIRST_VISIT = 100_000  # bytes over the wire
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


@pytest.fixture
def page_for(chromium: Browser, served: str, as_) -> Iterator[Callable[..., Page]]:
    """``page_for(user, width=1280, javascript=True)``: a page in a window of that person's own; ``None`` is a visitor.

    Paths are enough for ``goto``. At the end of the test any script error, refused resource or request to another
    host fails it.
    """
    opened: list[tuple] = []
    complaints: list[str] = []

    def open_page(user=None, *, width: int = 1280, javascript: bool = True, scheme: str = "light") -> Page:
        context = chromium.new_context(
            base_url=served,
            viewport={"width": width, "height": 844 if width < 768 else 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            timezone_id="America/Los_Angeles",
            locale="en-US",
        )
        context.set_default_timeout(TIMEOUT)
        if user is not None:
            cookie = as_(user).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": served}])
        page = context.new_page()
        page.on("console", lambda message: complaints.extend(complaint_of(message)))
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("request", lambda request: complaints.extend(stranger(request.url, served)))
        opened.append(context)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


def complaint_of(message) -> list[str]:
    if message.type != "error" or any(expected in message.text for expected in EXPECTED_ANSWERS):
        return []
    return [f"console: {message.text}"]


def stranger(url: str, served: str) -> list[str]:
    """A complaint when a page asks anybody but our own server for something."""
    parts = urlsplit(url)
    return [] if parts.scheme in ("data", "blob") or parts.netloc == urlsplit(served).netloc else [f"asked {url}"]


def assert_accessible(page: Page, widths: tuple[int, ...] = WIDTHS) -> None:
    """axe finds nothing and nothing scrolls sideways, at each width, in light and dark. Needs script in the page."""
    before = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls sideways at {width}"
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert findings(page) == [], f"{page.url} at {width} in {scheme}"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)


def findings(page: Page) -> list[str]:
    """What axe objects to on the page as it stands; axe itself is put into the page once."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then(results => results.violations)")
    return [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"]]


def wire_weight(page: Page, path: str) -> int:
    """Bytes of a first visit, in a window that has been nowhere yet: pages as they are, static files gzipped."""
    answers = []

    def note(answer) -> None:
        answers.append(answer)

    page.on("response", note)
    assert page.goto(path).ok, f"{path} does not answer"
    page.wait_for_load_state("networkidle")
    page.remove_listener("response", note)
    return sum(bytes_of(answer) for answer in answers)


def bytes_of(answer: Response) -> int:
    """What one answer weighs; a redirect has no body to weigh."""
    if 300 <= answer.status < 400:
        return 0
    body = answer.body()
    return len(gzip.compress(body)) if urlsplit(answer.url).path.startswith("/static/") else len(body)
