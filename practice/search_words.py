"""What somebody looks for, in an address that tells nobody.

People are looked for by name. An address lands in proxies' logs and in the browser's history, so a search is posted and
answered with an address that carries the words sealed: it can be reloaded, paged and gone back to, and says nothing.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings

from practice.models import User
from practice.sealing import NotOpened, seal, unseal

PURPOSE = "search"
PARAMETER = "find"


def query(words: str, *, by: User, **more: str) -> str:
    """``?find=...`` for ``words`` as ``by`` typed them, with ``more`` parameters; "" where there is nothing to say."""
    if words:
        sealed = seal(words, secrets=settings.MESSAGE_KEYS, purpose=PURPOSE, row=by.pk)
        more = {PARAMETER: urlsafe_b64encode(sealed).decode().rstrip("="), **more}
    return f"?{urlencode(more)}" if more else ""


def words(address: Mapping[str, str], *, by: User) -> str:
    """The words in a query string; "" where there are none or they are not ``by``'s own."""
    typed = address.get(PARAMETER, "")
    try:
        sealed = urlsafe_b64decode(typed + "=" * (-len(typed) % 4))
        return unseal(sealed, secrets=settings.MESSAGE_KEYS, purpose=PURPOSE, row=by.pk)
    except (NotOpened, binascii.Error, ValueError):
        return ""
