"""/api/addresses"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.schemas.addresses import SavedAddressBody
from wrencos_commerce.services.addresses import Addresses
from wrencos_commerce.views.addresses import (
    AddressDeleted,
    AddressPage,
    AddressUpdated,
    address_view,
)
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.web import LOGGED_IN, Blueprint, PageQuery, Paging, current_identity, service

blp = Blueprint("addresses", __name__, url_prefix="/addresses", description="The address book.")


@blp.get("", access=LOGGED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, AddressPage)
def list_addresses(args: dict[str, Any]) -> AddressPage:
    """List your own addresses, the default first and then the newest."""
    paging, found = Paging.of(args), service(Addresses).all(_me())
    return AddressPage(
        addresses=[address_view(a) for a in found[paging.skip : paging.skip + paging.limit]],
        total_count=len(found),
        page=paging.page,
        total_pages=paging.total_pages(len(found)),
    )


@blp.post("", access=LOGGED_IN, idempotent=True)
@blp.arguments(SavedAddressBody)
@blp.response(201, AddressUpdated)
def add_address(body: dict[str, Any]) -> AddressUpdated:
    """Save an address.

    The first one is the default. 409 `address-book-full` above 20.
    """
    is_default = body.pop("is_default")
    saved = service(Addresses).add(_me(), ShippingAddress(**body), is_default=is_default)
    return AddressUpdated(message="Address saved", updated_address=address_view(saved))


@blp.put("/<address_id>", access=LOGGED_IN)
@blp.arguments(SavedAddressBody)
@blp.response(200, AddressUpdated)
def change_address(body: dict[str, Any], address_id: str) -> AddressUpdated:
    """Replace an address of yours. Orders that were placed keep theirs."""
    is_default = body.pop("is_default")
    address = ShippingAddress(**body)
    saved = service(Addresses).change(_me(), address_id, address, is_default=is_default)
    return AddressUpdated(message="Address updated", updated_address=address_view(saved))


@blp.delete("/<address_id>", access=LOGGED_IN)
@blp.response(200, AddressDeleted)
def delete_address(address_id: str) -> AddressDeleted:
    """Delete an address of yours; the newest of the others follows the default."""
    service(Addresses).remove(_me(), address_id)
    return AddressDeleted(message="Address deleted")


def _me() -> str:
    return str(current_identity().user_id)
