"""How VNPay 2.1.0 signs: query strings one way, the messages of its API another."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote_plus, unquote_plus

from wrencos_core.contracts.payments import BadSignature

_HASHES = ("vnp_SecureHash", "vnp_SecureHashType")


def signed_query(fields: Mapping[str, str], secret: str) -> str:
    """The query string of `fields` with its signature; empty fields are left out.

    Implementations encode `~ * ! ' ( )` differently: no value should hold one of them.
    """
    canonical = _canonical(fields)
    return f"{canonical}&vnp_SecureHash={_mac(canonical, secret)}"


def verified(query: Sequence[tuple[str, str]], raw_query: bytes, secret: str) -> dict[str, str]:
    """The `vnp_` fields of a query that VNPay signed, without the signature.

    Whatever else is in the query is no part of it. Raises BadSignature, also for a field that is
    there twice: the one that is checked could be another than the one that is used.
    """
    fields: dict[str, str] = {}
    for name, value in query:
        if not name.startswith("vnp_"):
            continue
        if name in fields:
            raise BadSignature(f"{name[:40]} is there twice")
        fields[name] = value
    given = fields.get("vnp_SecureHash", "")
    kept = {name: value for name, value in fields.items() if name not in _HASHES}
    # As we would write it, or as it was written: encoders differ in what they leave as it is.
    texts = [_canonical(kept), _as_sent(raw_query, kept)]
    if not any(text is not None and _same(_mac(text, secret), given) for text in texts):
        raise BadSignature("vnp_SecureHash is not valid")
    return kept


def pipe_signature(values: Iterable[str], secret: str) -> str:
    """The checksum of a message of the API: of its values in their order, joined by `|`.

    Raises ValueError for a value with a `|`, which could be read as two.
    """
    values = list(values)
    if any("|" in value for value in values):
        raise ValueError("a signed value must not hold |")
    return _mac("|".join(values), secret)


def check_pipe_signature(values: Iterable[str], given: str, secret: str) -> None:
    """Raise BadSignature unless `given` is the checksum of `values`."""
    try:
        expected = pipe_signature(values, secret)
    except ValueError as error:
        raise BadSignature(str(error)) from error
    if not _same(expected, given):
        raise BadSignature("vnp_SecureHash is not valid")


def _canonical(fields: Mapping[str, str]) -> str:
    names = sorted((name for name in fields if fields[name]), key=_bytes)
    return "&".join(f"{name}={quote_plus(fields[name], errors='replace')}" for name in names)


def _as_sent(raw_query: bytes, fields: Mapping[str, str]) -> str | None:
    """The pairs of the query, still encoded and sorted; None where they are not exactly `fields`.

    A name can be encoded too: a field that this does not see must not be taken for signed.
    """
    pairs = [pair.partition("=") for pair in raw_query.decode("latin-1").split("&")]
    kept = {
        name: value
        for name, _, value in pairs
        if name.startswith("vnp_") and name not in _HASHES and value
    }
    decoded = {name: unquote_plus(value) for name, value in kept.items()}
    if decoded != {name: value for name, value in fields.items() if value}:
        return None
    return "&".join(f"{name}={kept[name]}" for name in sorted(kept, key=_bytes))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _mac(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), _bytes(text), hashlib.sha512).hexdigest()


def _same(expected: str, given: str) -> bool:
    # As bytes: text outside of ASCII can't be compared.
    return hmac.compare_digest(expected.encode(), _bytes(given.lower()))
