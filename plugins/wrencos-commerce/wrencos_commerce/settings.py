"""What an admin may set: `WRENCOS_COMMERCE_…` or `[commerce]` in wrencos.toml."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from wrencos_commerce.gateway_settings import GatewaySettings


class CommerceSettings(GatewaySettings):
    """Settings of the shop; the currency and the time zone are the core's."""

    section: ClassVar[str] = "commerce"

    max_quantity: int = Field(99, ge=1, le=9999, description="Most of one product in a cart.")
    max_lines: int = Field(100, ge=1, le=100, description="Most different products in a cart.")
    country: str = Field(
        "VN",
        pattern="^[A-Z]{2}$",
        description="Where the shop is: taxes go by it until it is known where an order goes.",
    )
    prices_include_tax: bool = Field(
        default=True, description="Prices hold the tax already; else it is added to them."
    )
    guest_cart_days: int = Field(
        30, ge=1, le=365, description="Days after its last change that a guest's cart is kept."
    )
    abandoned_cart_hours: int = Field(
        4,
        ge=0,
        le=720,
        description="Hours after which a filled cart counts as abandoned; 0: nobody is told.",
    )
    delivery_days: int = Field(
        7, ge=0, le=90, description="Days from order to delivery that a customer is told."
    )
    staff_discount_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="Most that staff may take off an order they enter, in per cent; 0: nothing.",
    )
    return_days: int = Field(
        30, ge=0, le=365, description="Days from its arrival that an order can be returned."
    )
    hold_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes that the stock of an online payment is held."
    )
    transfer_hold_hours: int = Field(
        72, ge=1, le=720, description="Hours that the stock of a bank transfer is held."
    )
    max_unpaid_orders: int = Field(
        5, ge=1, le=100, description="Orders of one customer that may wait for their payment."
    )
    unpaid_order_hours: int = Field(
        24, ge=1, le=720, description="Hours after which an order that nobody paid is cancelled."
    )
    payment_give_up_hours: int = Field(
        24, ge=1, le=720, description="Hours after its end that a gateway is asked of a payment."
    )
    payment_result_url: str = Field(
        "",
        description="Page to come back to from paying, of {base_url}, {order_id}, {payment_id} and "
        "{outcome}; empty: a plain one of ours.",
    )
    low_stock_threshold: int = Field(
        5, ge=0, le=9999, description="Pieces of a variant from which on it counts as running low."
    )
    built_in_synonyms: bool = Field(
        default=True,
        description="Search with the built-in Vietnamese and English synonyms of cosmetics.",
    )
    order_url: str = Field(
        "{base_url}/orders/{order_id}",
        description="Page of an order, in mail, made of {base_url} and {order_id}.",
    )
    product_url: str = Field(
        "{base_url}/products/{slug}",
        description="Page of a product, in mail and QR codes, made of {base_url}, {slug} and {id}.",
    )
    stock_alert_email: str = Field(
        "", description="Address for a daily mail of what ran low or expires soon; empty: none."
    )
    payment_alert_email: str = Field(
        "", description="Address for a mail about each payment that needs a human; empty: none."
    )

    import_max_bytes: int = Field(
        20_000_000, ge=1000, le=100_000_000, description="Largest file of products, in bytes."
    )
    review_moderation: Literal["all", "unverified", "none"] = Field(
        "unverified", description="Reviews that a moderator must see before everybody does."
    )
    review_request_days: int = Field(
        7, ge=0, le=21, description="Days from delivery to a mail that asks for reviews; 0: none."
    )

    legal_name: str = Field(
        "", max_length=200, description="The business on invoices; empty: the shop's name."
    )
    legal_address: str = Field(
        "",
        max_length=500,
        description="Where the business is, on invoices; `|` ends a line.",
    )
    tax_id: str = Field("", max_length=40, description="The business's tax number, on invoices.")
    invoice_prefix: str = Field(
        "INV", pattern="^[A-Z0-9]{1,10}$", description="What the numbers of invoices begin with."
    )
    credit_note_prefix: str = Field(
        "CN", pattern="^[A-Z0-9]{1,10}$", description="What those of credit notes begin with."
    )

    @field_validator("product_url")
    @classmethod
    def _known_places(cls, value: str) -> str:
        try:
            made = value.format(base_url="https://shop.example", slug="slug", id="id")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError("may hold {base_url}, {slug} and {id} only") from error
        other = value.format(base_url="https://shop.example", slug="other", id="other")
        if not made.startswith(("http://", "https://")) or made == other:
            raise ValueError("must be a web address with {slug} or {id}")
        return value

    @field_validator("payment_result_url")
    @classmethod
    def _known_parts(cls, value: str) -> str:
        try:
            made = value.format(
                base_url="https://shop.example", order_id="o", payment_id="p", outcome="paid"
            )
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError("may hold {base_url}, {order_id}, {payment_id}, {outcome}") from error
        if value and not made.startswith(("http://", "https://")):
            raise ValueError("must be a web address")
        return value

    @field_validator("order_url")
    @classmethod
    def _leads_to_an_order(cls, value: str) -> str:
        try:
            made = value.format(base_url="https://shop.example", order_id="order_1")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError("may hold {base_url} and {order_id} only") from error
        if not made.startswith(("http://", "https://")) or "order_1" not in made:
            raise ValueError("must be a web address with {order_id}")
        return value

    @field_validator("stock_alert_email", "payment_alert_email")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if value and (value.count("@") != 1 or any(char in value for char in " ,;\r\n")):
            raise ValueError("must be one mail address")
        return value
