"""What the fake VNPay knows of each payment and its refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

_ZONE = timezone(timedelta(hours=7))
_DATE = "%Y%m%d%H%M%S"


@dataclass
class Refund:
    """A refund in VND; `status` is VNPay's, `05` while it is under way."""

    request_id: str
    number: str
    amount: int
    status: str
    order_info: str
    kind: str


@dataclass
class Transaction:
    """An attempt whose page was opened; `amount` in VND, `status` is VNPay's."""

    reference: str
    amount: int
    created: str
    order_info: str
    return_url: str
    number: str = "0"
    code: str = ""
    status: str = "01"
    paid_at: str = ""
    refunds: list[Refund] = field(default_factory=list)

    def told(self, refund: Refund | None) -> dict[str, str]:
        """What the API tells of the payment, or of its `refund`."""
        return {
            "Amount": str((refund.amount if refund else self.amount) * 100),
            "BankCode": "NCB",
            "PayDate": self.paid_at,
            "TransactionNo": refund.number if refund else self.number,
            "TransactionType": refund.kind if refund else "01",
            "TransactionStatus": refund.status if refund else self.status,
            "OrderInfo": refund.order_info if refund else self.order_info,
        }


def written(moment: datetime) -> str:
    """`moment` as VNPay writes it."""
    return moment.astimezone(_ZONE).strftime(_DATE)


def read(text: str) -> datetime:
    """The moment in UTC."""
    return datetime.strptime(text, _DATE).replace(tzinfo=_ZONE).astimezone(UTC)
