"""The fields of VNPay's messages: how ours are written, and what theirs mean."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, ip_address

from wrencos_core.contracts.payments import PaymentOutcome

VERSION = "2.1.0"
SUCCESS = "00"
# Dates are in Vietnamese time, whatever the zone of the server or of the shop.
_GMT_7 = timezone(timedelta(hours=7))
_DATE = "%Y%m%d%H%M%S"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,:-]+")
_AMOUNT = re.compile(r"[0-9]{1,17}")
_SOMEBODY = "127.0.0.1"

_REASONS = {
    "07": "The money was taken, but VNPay suspects fraud",
    "09": "The card or account is not registered for internet banking",
    "10": "The customer gave wrong details three times",
    "11": "The time to pay ran out",
    "12": "The card or account is locked",
    "13": "The one-time password was wrong",
    "24": "The customer cancelled",
    "51": "The account does not hold enough",
    "65": "The account is over its daily limit",
    "75": "The bank is under maintenance",
    "79": "The customer gave a wrong password too often",
}
_STATUSES = {
    "01": PaymentOutcome.PENDING,
    "02": PaymentOutcome.FAILED,
    "07": PaymentOutcome.SUSPICIOUS,
}


def written_date(moment: datetime) -> str:
    """`moment` as VNPay writes it."""
    return moment.astimezone(_GMT_7).strftime(_DATE)


def read_date(text: str) -> datetime | None:
    """The moment in UTC; None for what is no date."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return None
    try:
        return datetime.strptime(text, _DATE).replace(tzinfo=_GMT_7).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written_amount(amount: int) -> str:
    """VND as VNPay writes them, in hundredths."""
    return str(amount * 100)


def read_amount(text: str) -> int | None:
    """VND; None for what is no whole amount of them, or nothing."""
    if not _AMOUNT.fullmatch(text) or not text.endswith("00"):
        return None
    return int(text) // 100


def plain(text: str, longest: int = 255) -> str:
    """`text` in the letters that VNPay takes and that every implementation signs alike."""
    text = text.replace("đ", "d").replace("Đ", "D")
    letters = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in letters if not unicodedata.combining(char))
    return " ".join(_NOT_PLAIN.sub(" ", letters).split())[:longest].strip()


def ipv4(address: str) -> str:
    """`address`, or the IPv4 address in it; VNPay's page fails for any other IPv6 address."""
    try:
        known = ip_address(address)
    except ValueError:
        return _SOMEBODY
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped) if known.ipv4_mapped else _SOMEBODY


def outcome(response_code: str, status: str) -> PaymentOutcome:
    """What a callback says; only `00` and `00` is paid."""
    if "07" in (response_code, status):
        return PaymentOutcome.SUSPICIOUS
    if response_code == SUCCESS:
        return outcome_of_status(status)
    if status == SUCCESS:  # the two contradict each other
        return PaymentOutcome.SUSPICIOUS
    if response_code == "24":
        return PaymentOutcome.CANCELLED
    return PaymentOutcome.EXPIRED if response_code == "11" else PaymentOutcome.FAILED


def outcome_of_status(status: str) -> PaymentOutcome:
    """What the status of a payment says; a reversed or refunded one is for people to look at."""
    if status == SUCCESS:
        return PaymentOutcome.PAID
    return _STATUSES.get(status, PaymentOutcome.SUSPICIOUS)


def reason(response_code: str, status: str) -> str | None:
    """Why it is not paid, for staff to read."""
    if (response_code, status) == (SUCCESS, SUCCESS):
        return None
    words = _REASONS.get(response_code, "VNPay gives no reason")
    return f"{words} (code {plain(response_code, 8)}, status {plain(status, 8)})"


def event_id(reference: str, number: str, response_code: str, status: str) -> str:
    """The same whenever VNPay tells the same of the same payment."""
    return f"{reference}:{number}:{response_code}:{status}"


def transaction_id(number: str, outcome: PaymentOutcome = PaymentOutcome.PAID) -> str | None:
    """VNPay's number of the money, where there is any; it may number failed attempts too."""
    is_money = outcome in (PaymentOutcome.PAID, PaymentOutcome.SUSPICIOUS)
    return number if is_money and number.strip("0") else None
