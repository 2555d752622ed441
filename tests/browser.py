"""The machine's Chromium for tests marked `browser`: skipped without one, a failure under CI."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from launch.browser import find_browser
from launch.testing import WITHOUT_BROWSER

# No sandbox: it needs rights that root and containers do not have. The rest keeps Chromium from asking the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One headless browser for the session; every test opens contexts of its own."""
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
