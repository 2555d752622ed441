"""Templates keep to the style sheets: no inline style or script, no raw colour, no class that nothing draws."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STYLES = Path(settings.BASE_DIR) / "static" / "css"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "emails" not in path.parts)
FORBIDDEN = {
    "an inline style": r"<style|\sstyle=",
    "inline script": r"<script(?![^>]*(\ssrc=|type=\"application/json\"))",
    "an inline handler": r"\s(on[a-z]+|hx-on[^=]*)=",
    "a raw colour": r"(?<!&)#[0-9a-fA-F]{6}\b(?![^<>]*media=\"\(prefers-color-scheme)",
    "another host": r"(src|action)=\"https?:",
}


def drawn() -> set[str]:
    """Every class that a style sheet knows."""
    text = "".join(path.read_text() for path in STYLES.glob("*.css"))
    return set(re.findall(r"\.(-?[a-z][a-z0-9-]*)", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))


def worn(html: str) -> set[str]:
    """Every class that a template writes out; names built from variables are left to the page's own tests."""
    plain = re.sub(r"\{\{.*?\}\}", "*", re.sub(r"\{%.*?%\}", " ", html, flags=re.DOTALL), flags=re.DOTALL)
    names = {name for value in re.findall(r'\sclass="([^"]*)"', plain) for name in value.split()}
    return {name for name in names if "*" not in name and not name.endswith("-")}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_keeps_to_the_style_sheets(page):
    html = page.read_text()
    for what, pattern in FORBIDDEN.items():
        assert re.search(pattern, html) is None, f"{page.name} has {what}"
    assert worn(html) - drawn() == set()


def test_every_style_sheet_stays_in_its_layers_and_takes_colours_from_tokens():
    for path in STYLES.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        outside = re.sub(r"@layer [^{;]+(;|\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\})", "", text)
        assert outside.strip() == "", f"{path.name} has rules outside a layer"
        without_tokens = re.sub(r"@layer tokens \{.*?\n\}", "", text, flags=re.DOTALL)
        assert set(re.findall(r"#[0-9a-fA-F]{3,6}\b", without_tokens)) <= {"#fff", "#000", "#10191d"}, path.name


def test_no_source_file_is_longer_than_400_lines():
    for path in [*STYLES.glob("*.css"), *(Path(settings.BASE_DIR) / "static" / "js").glob("*.js")]:
        assert len(path.read_text().splitlines()) <= 400, path.name


# Staff read 24 hours without a leading zero, whoever is treated and whoever visits 12 hours; the demo's outbox is read
# by visitors.
FOR_STAFF = (
    "intake/alert/", "practice/desk/", "practice/message/", "practice/patient/", "practice/start/before.html",
    "practice/start/clinician.html", "practice/status/", "sessions/consultation/", "sessions/note/",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_time_is_printed_as_its_readers_write_it(page):
    name, text = str(page.relative_to(TEMPLATES)), page.read_text()
    formats = re.findall(r"""(?:date|time):["']([^"']*)["']""", text)
    if name.startswith(FOR_STAFF):
        assert [each for each in formats if re.search("[gh]:i|H:i(?!:s)", each)] == []
        assert "|clock" not in text
    else:
        assert [each for each in formats if re.search("[HGgh]:i", each)] == [], "times of day are printed by |clock"
