"""The bands of screening results in words.

An edition of an instrument, and every stored result, names a band by a code: its author's English word, which is fixed.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BANDS: dict[str, str | Promise] = {
    "minimal": _("minimal"),
    "mild": _("mild"),
    "moderate": _("moderate"),
    "moderately severe": _("moderately severe"),
    "severe": _("severe"),
}


def band_words(code: str) -> str:
    """The words for a band; a code of an edition that the practice brought in itself stays as it is."""
    return str(BANDS.get(code, code))
