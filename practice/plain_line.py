"""One line as somebody meant it: no control signs, and nothing unseen that hides in a name or turns its neighbours.

A sign that reverses the writing direction (U+202E) in one name would scramble the list it stands in; a space of no
width makes two spellings of one address. Both come along unseen when text is pasted.
"""

from __future__ import annotations

import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
UNSEEN = ("Cc", "Cf", "Cs")
VIRAMA = 9  # the canonical combining class of the sign that joins two letters in the scripts of India


def plain_line(text: str) -> str:
    """``text`` in one line, its white space single, without control and format characters.

    The two joiners stay where a script needs them to be spelled right (RFC 5892, appendices A.1 and A.2): after a
    virama, and the non-joiner between two letters of the Arabic kind.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = "".join(" " if sign.isspace() else sign for sign in text)
    kept = (
        sign
        for place, sign in enumerate(spaced)
        if unicodedata.category(sign) not in UNSEEN or is_spelling(spaced, place)
    )
    return " ".join("".join(kept).split())


def is_spelling(text: str, place: int) -> bool:
    """Whether the unseen sign at ``place`` is a joiner that belongs there."""
    after = text[place + 1 : place + 2]
    if text[place] not in (ZWJ, ZWNJ) or place == 0 or not after.isalpha():
        return False
    if unicodedata.combining(text[place - 1]) == VIRAMA:
        return True
    return text[place] == ZWNJ and is_arabic(letter_before(text, place)) and is_arabic(after)


def letter_before(text: str, place: int) -> str:
    """The letter that the vowel signs before ``place`` stand on."""
    while place > 0 and unicodedata.category(text[place - 1]) == "Mn":
        place -= 1
    return text[place - 1 : place]


def is_arabic(sign: str) -> bool:
    return unicodedata.bidirectional(sign) == "AL" if sign else False
