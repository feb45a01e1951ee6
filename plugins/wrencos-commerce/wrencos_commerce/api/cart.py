"""/api/cart"""

from __future__ import annotations

from typing import Any

import msgspec
from flask import request
from werkzeug.http import dump_cookie

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.schemas import cart as schemas
from wrencos_commerce.schemas.promotions import CouponTyped
from wrencos_commerce.services.addresses import Addresses
from wrencos_commerce.services.cart_choices import CartChoices
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.ingredients.gathering import IngredientGuard
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.views.cart import (
    CartItemAdded,
    CartUpdated,
    CartView,
    OrderConfirmation,
    cart_view,
    order_confirmation,
)
from wrencos_commerce.views.shipping import ShippingQuotes, quote_view
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Blueprint,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint("cart", __name__, url_prefix="/cart", description="The cart and the checkout.")

HEADER, COOKIE = "X-Cart-Token", "wrencos_cart"


@blp.get("", access=PUBLIC)
@blp.response(200, CartView)
def get_cart() -> CartView:
    """Show the cart at present prices, with discounts, shipping and taxes.

    An item whose price changed since it was chosen tells so. A checkout without `expectedTotal`
    goes by what was shown here.

    A guest is known by the header X-Cart-Token or the cookie `wrencos_cart`. The first request of
    a logged-in user that carries one moves the guest's items into the user's own cart.
    `warnings` tells of ingredients that do not go together, within the cart or with what the user
    bought before, and of what the user avoids; each names its source.
    """
    return _shown(_holder())


@blp.post("/items", access=PUBLIC)
@blp.arguments(schemas.CartItemAdd)
@blp.response(201, CartItemAdded)
def add_item(body: dict[str, Any]) -> tuple[CartItemAdded, int, dict[str, str]]:
    """Put a product into the cart.

    One with several variants needs the `variantId`. What is there already gets the quantity added.
    A guest without a cart gets one, and its `cartToken`, in the body and as a cookie. 409
    `out-of-stock` tells how many are available.
    """
    added = service(Carts).add(
        _holder(), body["product_id"], body["quantity"], body.get("variant_id")
    )
    view = CartItemAdded(
        cart_id=added.cart_id,
        item_id=added.item_id,
        message="Product added to cart",
        cart_token=added.new_token or msgspec.UNSET,
    )
    return view, 201, {"Set-Cookie": _cookie(added.new_token)} if added.new_token else {}


@blp.put("/items/<item_id>", access=PUBLIC)
@blp.arguments(schemas.CartItemChange)
@blp.response(200, CartUpdated)
def update_item(body: dict[str, Any], item_id: str) -> CartUpdated:
    """Change the quantity of an item."""
    holder = _holder()
    service(Carts).set_quantity(holder, item_id, body["quantity"])
    return _updated(holder, "Cart updated")


@blp.delete("/items/<item_id>", access=PUBLIC)
@blp.response(200, CartUpdated)
def remove_item(item_id: str) -> CartUpdated:
    """Take an item out of the cart."""
    holder = _holder()
    service(Carts).remove(holder, item_id)
    return _updated(holder, "Item removed from cart")


@blp.post("/coupons", access=PUBLIC, limit="30 per minute")
@blp.arguments(CouponTyped)
@blp.response(200, CartUpdated)
def add_coupon(body: dict[str, Any]) -> CartUpdated:
    """Type a coupon; in small letters if you like.

    409 `coupon-refused` says why it does not count: `unknown`, `off`, `not-begun`, `expired`,
    `used-up`, `log-in` (it is limited for each customer), `used-before`, `not-first-order`,
    `minimum-not-reached`, `nothing-fits`, `same-promotion` (by another code) or `better-offer`. One
    that stops counting later stays in the cart, among `refusedCoupons`.
    """
    holder = _holder()
    service(CartChoices).add_coupon(holder, body["code"])
    return _updated(holder, "Coupon added")


@blp.delete("/coupons/<code>", access=PUBLIC)
@blp.response(200, CartUpdated)
def remove_coupon(code: str) -> CartUpdated:
    """Take a coupon out of the cart, whether it counts or not."""
    holder = _holder()
    service(CartChoices).remove_coupon(holder, code)
    return _updated(holder, "Coupon removed")


@blp.put("/shipping", access=PUBLIC)
@blp.arguments(schemas.CartShippingBody)
@blp.response(200, CartUpdated)
def set_shipping(body: dict[str, Any]) -> CartUpdated:
    """Tell where the cart would go, to see shipping and taxes before there is an address.

    409 `not-deliverable` lists the methods that take it there when the chosen one does not.
    """
    holder = _holder()
    service(CartChoices).set_shipping(
        holder, body["country"], body.get("region"), body.get("shipping_method_id")
    )
    return _updated(holder, "Cart updated")


@blp.get("/shipping-methods", access=PUBLIC)
@blp.arguments(schemas.ShippingQuoteQuery, location="query")
@blp.response(200, ShippingQuotes)
def list_shipping_quotes(args: dict[str, Any]) -> ShippingQuotes:
    """List the ways to send the cart, and what each would cost.

    `country` and `region` (a state or city) go before what the cart was told; without either there
    are none.
    """
    priced = service(CartChoices).quotes(_holder(), args.get("country"), args.get("region"))
    return ShippingQuotes(
        shipping_methods=[quote_view(quote, priced.currency) for quote in priced.shipping_quotes],
        currency=priced.currency,
    )


@blp.post("/checkout", access=LOGGED_IN, idempotent=True)
@blp.arguments(schemas.CheckoutBody)
@blp.response(201, OrderConfirmation)
def checkout(body: dict[str, Any]) -> OrderConfirmation:
    """Order what is in the cart.

    It goes to the `shippingAddress`, or to the saved one with this `addressId`; `saveAddress` keeps
    a new one for the next order. An order that is paid in advance is `pending` and its pieces are
    held: go on with POST /api/payments. `paymentMethodId` is one of GET /api/payment-methods. With
    `expectedTotal` the order is placed only at that price: else 409 `price-changed` with the new
    total, or `coupon-refused` when a typed code does not count any more; without, only at what the
    cart was last shown to cost. `shippingMethodId` is one of GET /api/cart/shipping-methods, the
    cheapest when none is told here or in the cart; 409 `not-deliverable` lists what is offered.
    409 `out-of-stock` lists the products that there is too little of; nothing has changed then.
    Send an Idempotency-Key, so that a repeated request can't order twice.
    """
    holder = _holder()
    user = service(UserDirectory).find(str(holder.identity.user_id))
    purchase = Purchase(
        payment_method_id=body["payment_method_id"],
        address=_address(body),
        locale=user.locale if user else None,
        note=body.get("note"),
        expected_total=body.get("expected_total"),
        shipping_method_id=body.get("shipping_method_id"),
    )
    row = service(Checkout).place(holder, purchase)
    if body["save_address"]:
        service(Addresses).keep(row["user_id"], purchase.address)
    return order_confirmation(row, user.email if user else None)


def _cookie(token: str) -> str:
    """The Set-Cookie header by which a browser keeps a guest's token by itself."""
    platform = current_platform()
    days = platform.settings_for(CommerceSettings).guest_cart_days
    # A proxy that is not trusted hides that the browser came over TLS; the public address tells.
    is_secure = request.is_secure or platform.settings.base_url.startswith("https://")
    return dump_cookie(
        COOKIE,
        token,
        max_age=days * 24 * 3600,
        path="/api",
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )


def _address(body: dict[str, Any]) -> ShippingAddress:
    if "address_id" not in body:
        return ShippingAddress(**body["shipping_address"])
    user_id = str(current_identity().user_id)
    return service(Addresses).get(user_id, body["address_id"]).address


def _holder() -> CartHolder:
    token = request.headers.get(HEADER) or request.cookies.get(COOKIE)
    return CartHolder(current_identity(), token)


def _updated(holder: CartHolder, message: str) -> CartUpdated:
    return CartUpdated(message=message, updated_cart=_shown(holder))


def _shown(holder: CartHolder) -> CartView:
    cart = service(Carts).shown(holder)
    items = [{"product_id": line.product["_id"]} for line in cart.priced.lines]
    guard = service(IngredientGuard)
    return cart_view(cart, guard.warnings_for_cart(holder.identity, items, wanted_locale()))
