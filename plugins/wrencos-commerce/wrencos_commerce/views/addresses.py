"""The address book as the API shows it."""

from __future__ import annotations

import msgspec

from wrencos_commerce.services.addresses import Saved
from wrencos_commerce.views.base import View


class SavedAddressView(View, kw_only=True):
    """An address that a checkout takes by its `addressId`."""

    address_id: str
    is_default: bool
    street: str
    city: str
    state: str | None
    zip: str | None
    country: str
    name: str | None
    phone: str | None


class AddressPage(View, kw_only=True):
    addresses: list[SavedAddressView]
    total_count: int
    page: int
    total_pages: int


class AddressUpdated(View, kw_only=True):
    message: str
    updated_address: SavedAddressView


class AddressDeleted(View, kw_only=True):
    message: str


def address_view(saved: Saved) -> SavedAddressView:
    fields = msgspec.structs.asdict(saved.address)
    return SavedAddressView(address_id=saved.id, is_default=saved.is_default, **fields)
