"""Returns as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from wrencos_commerce.services.returns.queries import history_for_owner
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class WantedVariantView(View, kw_only=True):
    """What shall replace each piece."""

    product_id: str
    variant_id: str
    sku: str
    name: str
    variant_name: str | None


class ReturnItemView(View, kw_only=True):
    """`restocked` and `writtenOff` are there once the pieces were looked at."""

    variant_id: str
    sku: str
    name: str
    variant_name: str | None
    quantity: int
    reason: str
    wanted: WantedVariantView | None
    restocked: int | None
    written_off: int | None


class ReturnPhotoView(View, kw_only=True):
    """`thumbnails` by width in pixels, empty until they are made."""

    image_id: str
    url: str
    width: int
    height: int
    thumbnails: dict[str, str]


class ReturnHistoryView(View, kw_only=True):
    """`actor` is `customer`, `staff` or `system`, for staff a user id in place of the first two."""

    state: str
    at: datetime
    actor: str
    note: str | None


class ReturnView(View, kw_only=True):
    """A return; `credit` is what it was worth when it came, `deduction` what was kept of that."""

    return_id: str
    order_id: str
    user_id: str | None
    state: str
    resolution: str
    items: list[ReturnItemView]
    note: str | None
    photos: list[ReturnPhotoView]
    rejection: str | None
    credit: Decimal | None
    deduction: Decimal | None
    currency: str
    created_at: datetime
    received_at: datetime | None
    exchange_order_id: str | None
    history: list[ReturnHistoryView]


class ReturnDetail(View, kw_only=True):
    # `return` is no name in Python; on the wire it is `orderReturn`.
    message: str
    order_return: ReturnView


class ReturnPage(View, kw_only=True):
    returns: list[ReturnView]
    total_count: int
    page: int
    total_pages: int


def return_view(row: Row, *, for_staff: bool) -> ReturnView:
    """The return; ids and notes of staff only `for_staff`."""
    currency = row["currency"]

    def major(name: str) -> Decimal | None:
        return money.to_major(row[name], currency) if name in row else None

    return ReturnView(
        return_id=row["_id"],
        order_id=row["order_id"],
        user_id=row.get("user_id"),
        state=row["state"],
        resolution=row["resolution"],
        items=[_item(item) for item in row["items"]],
        note=row.get("note"),
        photos=[
            ReturnPhotoView(
                image_id=photo["id"],
                **{name: photo[name] for name in ("url", "width", "height", "thumbnails")},
            )
            for photo in row["photos"]
        ],
        rejection=row.get("rejection"),
        credit=major("credit"),
        deduction=major("deduction"),
        currency=currency,
        created_at=row["created_at"],
        received_at=row.get("received_at"),
        exchange_order_id=row.get("exchange_order_id"),
        history=[
            ReturnHistoryView(
                state=entry["state"],
                at=entry["at"],
                actor=entry["actor"],
                note=entry.get("note"),
            )
            for entry in (row["history"] if for_staff else history_for_owner(row))
        ],
    )


def _item(item: Row) -> ReturnItemView:
    names = [name for name in ReturnItemView.__struct_fields__ if name != "wanted"]
    plain: dict[str, Any] = {name: item.get(name) for name in names}
    return ReturnItemView(
        **plain,
        wanted=WantedVariantView(
            **{name: wanted.get(name) for name in WantedVariantView.__struct_fields__}
        )
        if (wanted := item.get("wanted"))
        else None,
    )
