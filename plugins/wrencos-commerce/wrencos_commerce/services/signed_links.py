"""Links in mail whose tokens name a row and can't be forged; they are not stored anywhere."""

from __future__ import annotations

import base64
import hashlib
import hmac

# 24 bytes of the MAC: more than anybody can guess, and the link stays short.
_BYTES = 24


def signed(key: str, purpose: str, id: str) -> str:
    """A token that names the row `id` for one purpose, such as `stock-request-cancel`."""
    return f"{id}.{_mac(key, purpose, id)}"


def opened(key: str, purpose: str, token: str) -> str | None:
    """The id that a token of this purpose names, or None for one that was not made here."""
    id, _, mac = token.partition(".")
    expected = _mac(key, purpose, id)
    return id if hmac.compare_digest(mac.encode(), expected.encode()) else None


def one_click(address: str, token: str) -> tuple[str, dict[str, str]]:
    """The link to `address` that ends mail of a kind, and the headers of such a mail.

    They let mail programs show a button of their own, which posts to the link (RFC 8058).
    """
    url = f"{address}?token={token}"
    return url, {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _mac(key: str, purpose: str, id: str) -> str:
    digest = hmac.new(key.encode(), f"commerce|{purpose}|{id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode()
