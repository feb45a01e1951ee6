"""The reference of a payment attempt: ours, and short enough for every gateway.

`W` and 19 characters of Crockford's base32: it fits into the 25 characters that a VietQR code has
for the purpose, and is found in a memo however a bank or a customer has written it.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Crockford's, without the W: so that none begins within another.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVXYZ"
_RANDOM = 18
_FORM = re.compile(f"W[{_ALPHABET}]{{{_RANDOM + 1}}}")
# What people take for a digit when they type it off.
_MISREAD = str.maketrans("OIL", "011")


def new_reference() -> str:
    """A new reference: 89 random bits, and a character by which a mistyped one is noticed."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return f"W{body}{_check(body)}"


def is_reference(text: str) -> bool:
    """Whether `text` has the form of a reference and its check character is right."""
    return _FORM.fullmatch(text) is not None and text[-1] == _check(text[1:-1])


def references_in(memo: str) -> list[str]:
    """The distinct references in a transfer's memo, whatever became of its case and punctuation."""
    letters = "".join(char for char in memo.upper() if char.isascii() and char.isalnum())
    candidates = _FORM.findall(letters.translate(_MISREAD))
    return list(dict.fromkeys(text for text in candidates if is_reference(text)))


def _check(body: str) -> str:
    return _ALPHABET[hashlib.sha256(body.encode()).digest()[0] % len(_ALPHABET)]
