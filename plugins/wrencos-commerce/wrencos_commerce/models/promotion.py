"""Promotions: what the shop takes off, from whom, for what, and for how long."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import BooleanField, IntField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class PromotionKind(StrEnum):
    """`buy_get`: of every so many bought, the next so many (the cheapest) cost less."""

    PERCENT = "percent"
    AMOUNT = "amount"
    FREE_SHIPPING = "free_shipping"
    BUY_GET = "buy_get"


class UseLimit(StrEnum):
    """What keeps count of a promotion's uses: all of them, each customer's, or a coupon's own."""

    IN_ALL = "in_all"
    PER_USER = "per_user"
    OF_COUPON = "of_coupon"


class Promotion(Document):
    """A discount, automatic or by coupon. Amounts are minor units of `currency`.

    Without `product_ids` and `category_ids` it is for all goods, else for these products and those
    of these categories and the ones below. `uses` counts while `max_uses` is set. Lower `priority`
    comes first. `ends_at` None: until it is switched off.
    """

    meta = {
        "collection": "commerce_promotions",
        "indexes": [
            {"fields": ["is_automatic", "is_active", "ends_at"], "name": "automatic"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
        ],
    }
    id_prefix = "promo"

    name = StringField(required=True)
    description = StringField(required=True, default="")
    kind = StringField(required=True, choices=[kind.value for kind in PromotionKind])
    is_automatic = BooleanField(required=True, default=False)
    is_active = BooleanField(required=True, default=True)
    is_exclusive = BooleanField(required=True, default=False)
    priority = IntField(required=True, default=0)
    currency = StringField(required=True)
    percent = StringField()
    amount = IntField(min_value=0)
    buy_quantity = IntField(min_value=1)
    get_quantity = IntField(min_value=1)
    product_ids = ListField(StringField())
    category_ids = ListField(StringField())
    min_total = IntField(min_value=0)
    max_discount = IntField(min_value=0)
    max_uses = IntField(min_value=1)
    max_uses_per_user = IntField(min_value=1)
    first_order_only = BooleanField(required=True, default=False)
    starts_at = UTCDateTimeField()
    ends_at = UTCDateTimeField()
    uses = IntField(required=True, min_value=0, default=0)


class Coupon(Document):
    """A code, in capitals, by which customers ask for a promotion."""

    meta = {
        "collection": "commerce_coupons",
        "indexes": [
            {"fields": ["code"], "unique": True, "name": "code"},
            {"fields": ["promotion_id", "code"], "name": "by_promotion"},
        ],
    }
    id_prefix = "coupon"

    code = StringField(required=True)
    promotion_id = StringField(required=True)
    max_uses = IntField(min_value=1)
    uses = IntField(required=True, min_value=0, default=0)


class PromotionUse(Document):
    """An order that used up a part of what a promotion is limited to; `limits` say of what."""

    meta = {
        "collection": "commerce_promotion_uses",
        "indexes": [
            {"fields": ["order_id", "promotion_id"], "unique": True, "name": "by_order"},
            {"fields": ["user_id"], "name": "by_user", "sparse": True},
        ],
    }
    id_prefix = "use"

    promotion_id = StringField(required=True)
    order_id = StringField(required=True)
    user_id = StringField()
    code = StringField()
    limits = ListField(StringField(choices=[limit.value for limit in UseLimit]))
    given_back_at = UTCDateTimeField()


class PromotionUser(Document):
    """How often a customer has used a promotion that has a limit for each."""

    meta = {
        "collection": "commerce_promotion_users",
        "indexes": [
            {"fields": ["user_id", "promotion_id"], "unique": True, "name": "by_user"},
        ],
    }
    id_prefix = "puser"

    user_id = StringField(required=True)
    promotion_id = StringField(required=True)
    uses = IntField(required=True, min_value=0, default=0)
