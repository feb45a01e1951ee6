"""/api/orders/<id>/shipments: what of an order leaves, arrives, or comes back unopened"""

from __future__ import annotations

from collections import Counter
from typing import Any

from wrencos_commerce.permissions import UPDATE_ORDER_STATUS
from wrencos_commerce.schemas import shipments as schemas
from wrencos_commerce.services.order_shipments import Parcel
from wrencos_commerce.services.orders import Orders
from wrencos_commerce.views.orders import OrderUpdated, order_detail
from wrencos_core.web import Blueprint, current_identity, service

blp = Blueprint("shipments", __name__, url_prefix="/orders", description="Parcels of orders.")


@blp.post("/<order_id>/shipments", access=UPDATE_ORDER_STATUS, idempotent=True)
@blp.arguments(schemas.ParcelBody)
@blp.response(201, OrderUpdated)
def ship(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Send a parcel off, with all that is left of the order or with some pieces.

    The last parcel makes the order `shipped`, one before it `partially_shipped`. The customer gets
    a mail with the carrier and the tracking number.
    """
    pieces: Counter[str] = Counter()
    for item in body.get("items", ()):
        pieces[item["variant_id"]] += item["quantity"]
    parcel = Parcel(
        pieces=dict(pieces) if "items" in body else None,
        carrier=body.get("carrier"),
        tracking_number=body.get("tracking_number"),
        note=body.get("note"),
    )
    row = service(Orders).ship(order_id, parcel, current_identity())
    return OrderUpdated(message="Parcel sent", updated_order=order_detail(row, for_staff=True))


@blp.post("/<order_id>/shipments/<shipment_id>/delivered", access=UPDATE_ORDER_STATUS)
@blp.response(200, OrderUpdated)
def deliver(order_id: str, shipment_id: str) -> OrderUpdated:
    """Say that a parcel arrived; with the last one the order is delivered."""
    row = service(Orders).deliver(order_id, shipment_id, current_identity())
    return OrderUpdated(message="Parcel delivered", updated_order=order_detail(row, for_staff=True))


@blp.post("/<order_id>/refused", access=UPDATE_ORDER_STATUS)
@blp.arguments(schemas.RefusedBody)
@blp.response(200, OrderUpdated)
def refuse_parcel(body: dict[str, Any], order_id: str) -> OrderUpdated:
    """Say that the customer took no parcel of the order: it is cancelled, its pieces are back.

    While another parcel is under way, wait for it: of one that was taken, the rest is a return.
    What had been paid is paid back; what should have been paid on delivery is void.
    """
    row = service(Orders).refuse_parcel(order_id, current_identity(), body.get("note"))
    return OrderUpdated(message="Parcel refused", updated_order=order_detail(row, for_staff=True))
