"""The browser of the tests is the machine's own."""

import pytest

from launch import browser, testing
from launch.browser import find_browser
from launch.report import Refusal, Report


@pytest.fixture
def only(tmp_path, monkeypatch):
    """A PATH with nothing but what the test puts there."""
    monkeypatch.delenv("EVENKEEL_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "BUNDLES", ())

    def put(name: str) -> str:
        path = tmp_path / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return str(path)

    return put


def test_named_browser_wins_and_an_empty_name_means_none(only, monkeypatch):
    only("chromium")
    named = only("my-browser")
    monkeypatch.setenv("EVENKEEL_CHROMIUM", named)
    assert find_browser() == named
    for nothing in ("", "/nowhere"):
        monkeypatch.setenv("EVENKEEL_CHROMIUM", nothing)
        assert find_browser() == ""


def test_browser_on_path_is_found_by_its_usual_names(only):
    assert find_browser() == ""
    for name in ("google-chrome", "chromium-browser", "chromium"):  # each preferred to the ones before it
        path = only(name)
        assert find_browser() == path


def test_missing_browser_fails_under_ci_before_anything_starts(only, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Refusal, match="Under CI the browser tests must run"):
        testing.test([], Report())
