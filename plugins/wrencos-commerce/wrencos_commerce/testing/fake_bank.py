"""A bank for tests: reads VietQR codes as an app does, transfers, and tells the shop of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from typing import Any, NamedTuple

from wrencos_core.api import now

SECRET = "bank-webhook-secret-0123456789"


class Scanned(NamedTuple):
    """What the code asks for; `amount` in whole đồng, None where the payer says it."""

    bank_bin: str
    account: str
    amount: int | None
    purpose: str


class Message(NamedTuple):
    """A request to the shop's webhook."""

    body: bytes
    headers: dict[str, str]


class FakeBank:
    """`received` holds what it transferred to whom, oldest first."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.received: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def transfer(self, qr_payload: str, **changes: Any) -> dict[str, Any]:
        """Transfer what a code asks for, but for `changes` (`amount`, `memo`, `account`, …)."""
        code = scan(qr_payload)
        with self._lock:
            made = {
                "id": f"FT{len(self.received) + 1:08}",
                "direction": "in",
                "account": code.account,
                "amount": code.amount,
                "currency": "VND",
                "memo": f"NGUYEN THI LAN chuyen tien {code.purpose.lower()}-CT",
                "occurredAt": now().isoformat(),
                **changes,
            }
            self.received.append(made)
        return made

    def message(self, *transfers: dict[str, Any], **changes: Any) -> Message:
        """The signed message of one transfer, or of several; `at` and `secret` may be changed."""
        content = transfers[0] if len(transfers) == 1 else list(transfers)
        return self.sign(json.dumps(content).encode(), **changes)

    def sign(self, body: bytes, at: float | None = None, secret: str | None = None) -> Message:
        """A message of these bytes, signed at `at` (Unix time; None: now)."""
        moment = int(now().timestamp() if at is None else at)
        secret = self.secret if secret is None else secret
        signed = hmac.new(secret.encode(), b"%d.%b" % (moment, body), hashlib.sha256)
        header = f"t={moment},v1={signed.hexdigest()}"
        return Message(body, {"Wrencos-Signature": header, "Content-Type": "application/json"})


def scan(payload: str) -> Scanned:
    """Read a VietQR code as a bank's app does; raises ValueError for one that it would refuse."""
    if payload[-8:-4] != "6304" or payload[-4:] != f"{_crc(payload[:-4].encode()):04X}":
        raise ValueError("the checksum is wrong")
    fields = _fields(payload)
    merchant = _fields(fields["38"])
    if (fields["00"], fields["53"], fields["58"]) != ("01", "704", "VN"):
        raise ValueError("not a code for a transfer of VND")
    if (merchant["00"], merchant["02"]) != ("A000000727", "QRIBFTTA"):
        raise ValueError("not a transfer to an account")
    beneficiary = _fields(merchant["01"])
    return Scanned(
        bank_bin=beneficiary["00"],
        account=beneficiary["01"],
        amount=int(fields["54"]) if "54" in fields else None,
        purpose=_fields(fields.get("62", "")).get("08", ""),
    )


def _fields(text: str) -> dict[str, str]:
    found = {}
    while text:
        length = int(text[2:4])
        found[text[:2]], text = text[4 : 4 + length], text[4 + length :]
    return found


def _crc(content: bytes) -> int:
    """CRC-16/CCITT-FALSE, bit by bit."""
    register = 0xFFFF
    for byte in content:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x1021 if register & 0x8000 else 0)
            register &= 0xFFFF
    return register
