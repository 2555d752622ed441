"""Why a message was not sent is kept as a code and read in words."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from practice import last_look, outbox, resending
from practice.reason_words import WORDS, in_words, known

RAISED = {"NotWanted", "Lost", "Refused", "TryAgain", "LineDown"}
CONSTANTS = {last_look.OUTSIDE_HOURS, outbox.WITHDRAWN, resending.SENT_AGAIN, resending.SETTLED, "our error: KeyError"}


def spelled(node: ast.AST) -> str | None:
    """The text of a literal, with ``550`` where an f-string holds a value."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "550" for part in node.values)
    return None


def is_reason(call: ast.Call) -> bool:
    """``NotWanted("...")``, also where two of them are chosen between: ``(Refused if ... else TryAgain)("...")``."""
    return any(isinstance(node, ast.Name) and node.id in RAISED for node in ast.walk(call.func))


def codes() -> set[str]:
    """Every reason that the code gives."""
    found = set(CONSTANTS)
    for app in ("practice", "intake", "education", "sessions"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and is_reason(node):
                    text = spelled(node.args[0])
                    found |= {text} if text else set()
    return found


def test_every_reason_that_the_code_gives_has_words():
    assert len(codes()) > 20
    assert sorted(code for code in codes() if known(code) is None) == []


def test_no_words_are_kept_for_a_reason_nobody_gives():
    assert sorted(set(WORDS) - codes()) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("no consent", "there is no consent to this channel"),
        ("address refused (550)", "the address was refused (550)"),
        ("our error: KeyError", "an error of ours (KeyError)"),
        ("blocked by carrier", "blocked by carrier"),
        ("", ""),
    ],
)
def test_a_code_is_read_in_words_and_what_a_provider_said_stays(code, words):
    assert in_words(code) == words


def test_the_words_follow_the_readers_language(monkeypatch):
    catalogue = translation.trans_real.translation("fr")
    monkeypatch.setitem(
        catalogue._catalog._catalogs[-1], "the address was refused (%(code)s)", "adresse refusée (%(code)s)"
    )
    with translation.override("fr"):
        assert in_words("address refused (550)") == "adresse refusée (550)"
