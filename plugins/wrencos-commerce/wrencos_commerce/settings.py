"""What an admin may set: `WRENCOS_COMMERCE_…` or `[commerce]` in wrencos.toml."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from wrencos_core.api import Settings


class CommerceSettings(Settings):
    """Settings of the shop; the currency and the time zone are the core's."""

    section: ClassVar[str] = "commerce"

    max_quantity: int = Field(99, ge=1, le=9999, description="Most of one product in a cart.")
    max_lines: int = Field(100, ge=1, le=100, description="Most different products in a cart.")
    guest_cart_days: int = Field(
        30, ge=1, le=365, description="Days after its last change that a guest's cart is kept."
    )
    delivery_days: int = Field(
        7, ge=0, le=90, description="Days from order to delivery that a customer is told."
    )
