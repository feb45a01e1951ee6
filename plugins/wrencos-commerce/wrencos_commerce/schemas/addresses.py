"""Addresses of the address book as they come in."""

from __future__ import annotations

from wrencos_commerce.schemas.cart import ShippingAddressBody
from wrencos_core.web import Flag


class SavedAddressBody(ShippingAddressBody):
    """With `isDefault` it becomes the default; without, the default stays as it is."""

    is_default = Flag(load_default=False)
