"""Parcels as the API shows them."""

from __future__ import annotations

from datetime import datetime

from wrencos_commerce.views.base import Row, View


class ShippedItemView(View, kw_only=True):
    variant_id: str
    quantity: int


class ShipmentView(View, kw_only=True):
    """A parcel, and what of the order is in it; `deliveredAt` is there once it arrived."""

    shipment_id: str
    carrier: str | None
    tracking_number: str | None
    items: list[ShippedItemView]
    shipped_at: datetime
    delivered_at: datetime | None


def shipment_view(shipment: Row) -> ShipmentView:
    return ShipmentView(
        shipment_id=shipment["id"],
        carrier=shipment.get("carrier"),
        tracking_number=shipment.get("tracking_number"),
        items=[ShippedItemView(**item) for item in shipment["items"]],
        shipped_at=shipment["shipped_at"],
        delivered_at=shipment.get("delivered_at"),
    )
