"""The codes of promotions: typed by staff, or made in great numbers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.errors import DuplicateKeyError

from wrencos_commerce.errors import AlreadyExists, PromotionUsed
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.promotion import Coupon, Promotion
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    audit,
    bump,
    new_id,
    new_row,
    transactional,
)

Row = Mapping[str, Any]

MAX_AT_ONCE = 1000
MAX_CODE = 40
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}")
_PREFIX = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,19}|")
# Without 0, O, 1, I and L, which people confuse; ten of them are 49 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 10


class Coupons:
    """Reads and changes the codes of promotions; rows have the fields of the Coupon document."""

    def __init__(self) -> None:
        self._listing = Listing(Coupon.raw)

    def page(self, promotion_id: str, skip: int, limit: int) -> tuple[list[Row], int]:
        """The codes of a promotion in their order, and how many it has."""
        query = {"promotion_id": promotion_id}
        return self._listing.page(query, sort=[("code", 1)], skip=skip, limit=limit)

    def add(
        self, promotion_id: str, codes: Sequence[str], max_uses: int | None, identity: Identity
    ) -> list[str]:
        """Give the promotion these codes, in capitals; each counts up to `max_uses` times.

        Raises NotFound, Invalid, or AlreadyExists for a code that some promotion has.
        """
        wanted = list(dict.fromkeys(typed_code(code) for code in codes))
        for code in wanted:
            if not _CODE.fullmatch(code):
                words = "A code has 3 to 40 letters, digits, hyphens and underscores."
                raise Invalid(errors={"codes": [words]})
        if not 1 <= len(wanted) <= MAX_AT_ONCE:
            raise Invalid(errors={"codes": [f"1 to {MAX_AT_ONCE} at once."]})
        return self._store(promotion_id, wanted, max_uses, identity)

    def generate(self, promotion_id: str, count: int, prefix: str, identity: Identity) -> list[str]:
        """Give the promotion `count` codes that nobody can guess, each to be used once.

        Raises NotFound or Invalid.
        """
        prefix = typed_code(prefix)
        if not _PREFIX.fullmatch(prefix) or not 1 <= count <= MAX_AT_ONCE:
            words = f"1 to {MAX_AT_ONCE} codes, with a prefix of up to 20 letters and digits."
            raise Invalid(errors={"generate": [words]})
        codes: set[str] = set()
        while len(codes) < count:
            made = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
            codes.add(f"{prefix}{made}")
        return self._store(promotion_id, sorted(codes), 1, identity)

    @transactional
    def _store(
        self, promotion_id: str, codes: Sequence[str], max_uses: int | None, identity: Identity
    ) -> list[str]:
        # Touched, so that deleting it at this moment conflicts.
        promotion = Promotion.raw().find_one_and_update({"_id": promotion_id}, bump({}))
        if promotion is None:
            raise NotFound(f"There is no promotion {promotion_id}.")
        if promotion["is_automatic"]:
            raise Invalid(errors={"codes": ["An automatic promotion has no codes."]})
        if known := Coupon.raw().find_one({"code": {"$in": list(codes)}}, {"code": 1}):
            raise AlreadyExists(f"There is the code {known['code']} already.")
        optional = {} if max_uses is None else {"max_uses": max_uses}
        fields = {"promotion_id": promotion_id, "uses": 0, **optional}
        rows = [new_row(new_id(Coupon.id_prefix), code=code, **fields) for code in codes]
        try:
            Coupon.raw().insert_many(rows)
        except DuplicateKeyError as error:
            raise AlreadyExists("There is one of these codes already.") from error
        told = {"codes": len(codes), "first": codes[0], "max_uses": max_uses}
        audit.record(identity, "commerce.promotions.add_codes", promotion_id, told)
        return list(codes)

    @transactional
    def remove(self, promotion_id: str, code: str, identity: Identity) -> None:
        """Take a code from a promotion; raises NotFound, or PromotionUsed by an order."""
        key = {"promotion_id": promotion_id, "code": typed_code(code)}
        if Coupon.raw().find_one_and_delete(key) is None:
            raise NotFound(f"The promotion has no code {code}.")
        if Order.raw().find_one({"promotions": {"$elemMatch": key}}, {"_id": 1}):
            raise PromotionUsed("Orders have used it; switch the promotion off instead.")
        audit.record(identity, "commerce.promotions.remove_code", promotion_id, {"code": code})


def typed_code(code: str) -> str:
    """A code as it is compared: people type small letters, and spaces around it."""
    return code.strip().upper()
