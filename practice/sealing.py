"""Sealing what must rest unreadable: AES-256-GCM under a ring of keys, bound to the row it belongs to.

A sealed value is the first four bytes of its key's SHA-256, a 12-byte nonce, then ciphertext and tag. The associated
data names the purpose and the row, so a value copied to another row does not open there. The newest key seals; every
key of the ring opens, which is how keys are changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NAME_BYTES = 4
NONCE_BYTES = 12


class NotOpened(Exception):
    """The value is not ours, was altered, belongs to another row, or its key left the ring."""


@cache
def derived(secret: str, purpose: str) -> tuple[bytes, AESGCM]:
    """A key's short name and the cipher of the key that HKDF-SHA256 derives from ``secret`` for ``purpose``."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"evenkeel {purpose}".encode()).derive(secret.encode())
    return hashlib.sha256(key).digest()[:NAME_BYTES], AESGCM(key)


def bound(purpose: str, row: object) -> bytes:
    return f"{purpose}:{row}".encode()


def seal(text: str, *, secrets: Sequence[str], purpose: str, row: object) -> bytes:
    """``text`` sealed under the first of ``secrets`` for the row whose id is ``row``."""
    name, cipher = derived(secrets[0], purpose)
    nonce = os.urandom(NONCE_BYTES)
    return name + nonce + cipher.encrypt(nonce, text.encode(), bound(purpose, row))


def unseal(sealed: bytes, *, secrets: Sequence[str], purpose: str, row: object) -> str:
    """The text that was sealed for ``row``. Raises NotOpened."""
    sealed = bytes(sealed)
    nonce = sealed[NAME_BYTES : NAME_BYTES + NONCE_BYTES]
    for secret in secrets:
        name, cipher = derived(secret, purpose)
        if name == sealed[:NAME_BYTES]:
            try:
                return cipher.decrypt(nonce, sealed[NAME_BYTES + NONCE_BYTES :], bound(purpose, row)).decode()
            except (InvalidTag, ValueError) as error:
                raise NotOpened(f"A sealed value of {purpose} {row} was altered or is not its own.") from error
    raise NotOpened(f"The key that sealed {purpose} {row} is not in the ring.")
