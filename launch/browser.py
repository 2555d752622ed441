"""The Chromium that tests drive: the machine's own, never a download."""

import os
import shutil
import sys

# The shell is Chromium without windows of its own: the same pages for two thirds of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BUNDLES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser() -> str:
    """The path of a Chromium: EVENKEEL_CHROMIUM (empty: none), one on PATH, or a Mac's; empty when there is none."""
    if "EVENKEEL_CHROMIUM" in os.environ:
        named = os.environ["EVENKEEL_CHROMIUM"]
        return named if os.access(named, os.X_OK) else ""
    found = next((path for path in map(shutil.which, NAMES) if path), "")
    if not found and sys.platform == "darwin":
        found = next((path for path in BUNDLES if os.access(path, os.X_OK)), "")
    return found
