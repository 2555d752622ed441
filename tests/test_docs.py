"""What the README and docs/ point at exists, and nothing in them belongs to one machine."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
INLINE = re.compile(r"\[[^\]]*\]\(\s*<?([^)>\s]+)")
NAMED = re.compile(r"^\[[^\]]+\]:\s*<?([^>\s]+)", re.MULTILINE)
TAGS = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"\s]+)", re.IGNORECASE)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
# Somebody's folder on somebody's machine. A service may name where it is installed: /opt, /etc, /srv and /var.
MACHINE = re.compile(r"(?<![\w.])(?:/(?:root|home/\w|Users/\w|work/|tmp/\w|private/)|[A-Z]:\\)[^\s`)]*")
INDEX_HOST = re.compile(r"pypi|pythonhosted|npmjs|index-url|\S/simple/?(?=[\s`)]|$)", re.IGNORECASE)


def anchors(text: str) -> set[str]:
    """The fragments a Markdown page can be entered at: its headings in lower case, spaces as hyphens."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets(text: str) -> list[str]:
    """Every link and image that leads to a place of this repository."""
    text = FENCE.sub("", text)
    found = INLINE.findall(text) + NAMED.findall(text) + TAGS.findall(text)
    return [target for target in found if not OUTSIDE.match(target)]


def dead(target: str, page: Path, text: str) -> bool:
    path, _hash, fragment = target.partition("#")
    aim = (page.parent / path) if path else page
    if not aim.exists() or not aim.resolve().is_relative_to(ROOT.resolve()):
        return True
    return bool(fragment and aim.suffix == ".md" and fragment not in anchors(aim.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_image_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    assert [target for target in targets(text) if dead(target, page, text)] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_machine_or_a_package_index(page):
    text = page.read_text(encoding="utf-8")
    found = [match[0] for rule in (MACHINE, INDEX_HOST) for match in rule.finditer(text)]
    assert found == []


def test_the_words_the_readme_sends_people_to_are_on_the_pages():
    tour = DOCS[0].read_text(encoding="utf-8").partition("## Five minutes")[2].partition("\n## ")[0]
    words = set(re.findall(r"(?<![*\w])\*([^*\n]+)\*(?!\*)", tour))
    assert "Choose a time" in words
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "practice").rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    missing = [word for word in words if not re.search(rf"""(?:translate |_\()["']{re.escape(word)}["']""", text)]
    assert missing == []


def test_the_readme_shows_pictures_of_our_own_pages():
    shown = [target for target in targets(DOCS[0].read_text(encoding="utf-8")) if target.endswith(".png")]
    assert {Path(target).parent for target in shown} == {Path("docs/images")}


def test_the_rules_of_this_file_catch_what_they_name():
    links = '[a](b.md) ![c](d.png) [x](https://example.org) <img src="e.png">'
    assert targets(f"{links}\n[n]: f.md\n```\n[g](h)\n```") == ["b.md", "d.png", "f.md", "e.png"]
    assert MACHINE.search("see /home/kit/evenkeel")
    assert not MACHINE.search("in /opt/evenkeel, or `var/home/`")
    assert INDEX_HOST.search("pip --index-url x")
    assert not INDEX_HOST.search("a simple page")
    assert anchors("# Who reaches, *which* page?") == {"who-reaches-which-page"}
