"""What customers are written about a return before its goods arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.services.documents.parties import seller
from wrencos_commerce.services.order_mail_values import piece_name
from wrencos_commerce.services.order_mails import OrderMails
from wrencos_core.api import Platform

Row = Mapping[str, Any]


class ReturnMails:
    """Queues the mails in the running transaction, one for each of these states of a return.

    When it has arrived, the event tells `OrderMails`.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._mails = OrderMails(platform)

    def tell(self, row: Row) -> None:
        """Write that the return is requested, approved or rejected, as its row says."""
        state, sender = row["state"], seller(self._platform)
        self._mails.write(
            row["order_id"],
            f"return_{state}",
            f"{row['_id']}:return_{state}",
            pieces=[
                {"name": piece_name(item), "quantity": item["quantity"]} for item in row["items"]
            ],
            send_to=[sender.name, *sender.address] if sender.address else [],
            rejection=row.get("rejection"),
        )
