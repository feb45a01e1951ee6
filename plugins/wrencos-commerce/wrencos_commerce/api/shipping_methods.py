"""/api/shipping-methods"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import WRITE_SHIPPING
from wrencos_commerce.schemas import shipping as schemas
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.views.shipping import (
    ShippingMethodChanged,
    ShippingMethodDeleted,
    ShippingMethodPage,
    shipping_method_view,
)
from wrencos_core.web import (
    PUBLIC,
    Blueprint,
    Paging,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint(
    "shipping_methods",
    __name__,
    url_prefix="/shipping-methods",
    description="How orders are sent, and what that costs where.",
)


@blp.get("", access=PUBLIC)
@blp.arguments(schemas.ShippingMethodListQuery, location="query")
@blp.response(200, ShippingMethodPage)
def list_shipping_methods(args: dict[str, Any]) -> ShippingMethodPage:
    """List shipping methods by position.

    Those that are off are for who may change them. GET /api/cart/shipping-methods tells what each
    would cost for a cart.
    """
    paging = Paging.of(args)
    sees_all = current_platform().allows(current_identity(), WRITE_SHIPPING)
    is_active = args.get("is_active") if sees_all else True
    rows, total = service(ShippingMethods).page(is_active, paging.skip, paging.limit)
    return ShippingMethodPage(
        shipping_methods=[shipping_method_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@blp.post("", access=WRITE_SHIPPING, idempotent=True)
@blp.arguments(schemas.ShippingMethodCreate)
@blp.response(201, ShippingMethodChanged)
def create_shipping_method(body: dict[str, Any]) -> ShippingMethodChanged:
    """Create a shipping method with a rate for each zone that it reaches.

    An address has the rate of its city, else of its state, else of the rest of its country, else
    of everywhere else; in the absence of these the method does not go there. From the first active
    method on, only what one of them takes can be ordered.
    """
    row = service(ShippingMethods).create(body, current_identity())
    return ShippingMethodChanged(
        message="Shipping method created", shipping_method=shipping_method_view(row)
    )


@blp.put("/<shipping_method_id>", access=WRITE_SHIPPING)
@blp.arguments(schemas.ShippingMethodChange)
@blp.response(200, ShippingMethodChanged)
def update_shipping_method(body: dict[str, Any], shipping_method_id: str) -> ShippingMethodChanged:
    """Change the given fields of a shipping method; `rates` replace those that there are."""
    row = service(ShippingMethods).update(shipping_method_id, body, current_identity())
    return ShippingMethodChanged(
        message="Shipping method updated", shipping_method=shipping_method_view(row)
    )


@blp.delete("/<shipping_method_id>", access=WRITE_SHIPPING)
@blp.response(200, ShippingMethodDeleted)
def delete_shipping_method(shipping_method_id: str) -> ShippingMethodDeleted:
    """Delete a shipping method; orders keep its name."""
    service(ShippingMethods).delete(shipping_method_id, current_identity())
    return ShippingMethodDeleted(message="Shipping method deleted")
