"""Taxes: keeping the rates, finding those of a cart, and the tax of an amount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from pymongo.errors import DuplicateKeyError

from wrencos_commerce.errors import AlreadyExists
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.tax_rate import TaxedAs, TaxRate
from wrencos_commerce.services.presence import Presence
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    audit,
    bump,
    new_id,
    new_row,
    text,
    transactional,
)

Row = Mapping[str, Any]

NO_TAX = "0"
_DECIMALS = 4
_WHOLE = 100 * 10**_DECIMALS


@dataclass(frozen=True)
class Rates:
    """The rates that may count for a cart, read once."""

    # By category, None for all goods; and that of shipping and fees, when there is one.
    goods: Mapping[str | None, str] = field(default_factory=dict)
    shipping: str | None = None
    # From a category up to the root.
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of_category(self, category_id: str | None) -> str:
        """The per cent of a category's goods: its own, its nearest ancestor's or the default."""
        for id in self.paths.get(category_id or "", ()):
            if id in self.goods:
                return self.goods[id]
        return self.goods.get(None, NO_TAX)

    @property
    def of_charges(self) -> str:
        """The per cent of shipping and fees."""
        return self.shipping if self.shipping is not None else self.of_category(None)


class Taxes:
    """Reads and changes tax rates; rows have the fields of the TaxRate document."""

    def __init__(self) -> None:
        self._listing = Listing(TaxRate.raw)
        self._any = Presence(TaxRate.raw, {})

    def rates_for(
        self, country: str, regions: Iterable[str | None], category_ids: Iterable[str | None]
    ) -> Rates:
        """The rates of what goes there, in one query; in none while the shop has no rate.

        For the same goods the rate of a region goes before that of the country, and that of a
        later one of the `regions` (a state, then a city) before that of an earlier.
        """
        if not self._any():
            return Rates()
        keys = [None, *(region_key(region) for region in regions if region)]
        categories = sorted({id for id in category_ids if id})
        goods: dict[str | None, str] = {}
        shipping = None
        # None at all, when nothing goes by these places.
        read: Row = next(TaxRate.raw().aggregate(_pipeline(country, keys, categories)), {})
        for row in sorted(read.get("rates", ()), key=lambda row: keys.index(row["region_key"])):
            if row["taxed_as"] == TaxedAs.SHIPPING:
                shipping = row["percent"]
            else:
                goods[row["category_id"]] = row["percent"]
        paths = {
            row["_id"]: [row["_id"], *reversed(row["ancestors"])] for row in read.get("paths", ())
        }
        return Rates(goods, shipping, paths)

    def page(self, country: str | None, skip: int, limit: int) -> tuple[list[Row], int]:
        """Rates by country, region and category, and how many there are."""
        order = [("country", 1), ("region_key", 1), ("category_id", 1), ("taxed_as", 1)]
        query = {"country": country} if country else {}
        return self._listing.page(query, sort=order, skip=skip, limit=limit)

    @transactional
    def create(self, values: Row, identity: Identity) -> Row:
        """A new rate of `country`, `percent`, `name`, and perhaps `region`, `category_id`,
        `taxed_as`; its row. Raises Invalid or AlreadyExists."""
        subject = _subject(values)
        if TaxRate.raw().find_one(subject, {"_id": 1}):
            raise AlreadyExists("There is a rate for the same already; change that.")
        row = new_row(
            new_id(TaxRate.id_prefix),
            **subject,
            region=values.get("region"),
            name=values["name"],
            percent=checked_percent(values["percent"]),
        )
        try:
            TaxRate.raw().insert_one(row)
        except DuplicateKeyError as error:
            raise AlreadyExists("There is a rate for the same already; change that.") from error
        self._any.forget()
        told = {name: row[name] for name in ("country", "region", "category_id", "percent")}
        audit.record(identity, "commerce.tax_rates.create", row["_id"], told)
        return row

    @transactional
    def update(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change the `name` or `percent` of a rate; the row. Raises NotFound or Invalid."""
        stored = dict(changes)
        if "percent" in stored:
            stored["percent"] = checked_percent(stored["percent"])
        row: Row | None = TaxRate.raw().find_one_and_update(
            {"_id": id}, bump({"$set": stored}), return_document=True
        )
        if row is None:
            raise NotFound(f"There is no tax rate {id}.")
        audit.record(identity, "commerce.tax_rates.update", id, stored)
        return row

    @transactional
    def put(self, values: Row, identity: Identity) -> Row:
        """As `create`, but a rate that there is for the same gets this `name` and `percent`."""
        known = TaxRate.raw().find_one(_subject(values), {"_id": 1})
        if known is None:
            return self.create(values, identity)
        changes = {name: values[name] for name in ("name", "percent")}
        return self.update(known["_id"], changes, identity)

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Delete a rate; raises NotFound."""
        row = TaxRate.raw().find_one_and_delete({"_id": id})
        if row is None:
            raise NotFound(f"There is no tax rate {id}.")
        self._any.forget()
        told = {"country": row["country"], "percent": row["percent"]}
        audit.record(identity, "commerce.tax_rates.delete", id, told)


def _pipeline(
    country: str, regions: Sequence[str | None], category_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Reads the rates of a country and these regions, and the paths of the categories."""
    fields = {name: f"${name}" for name in ("region_key", "category_id", "taxed_as", "percent")}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"country": country, "region_key": {"$in": list(regions)}}},
        {"$group": {"_id": None, "rates": {"$push": fields}}},
    ]
    if category_ids:
        paths = [{"$match": {"_id": {"$in": list(category_ids)}}}, {"$project": {"ancestors": 1}}]
        # $unionWith would do, but transactions refuse it.
        joined = {"from": Category._get_collection_name(), "pipeline": paths, "as": "paths"}
        pipeline.append({"$lookup": joined})
    return pipeline


def _subject(values: Row) -> dict[str, Any]:
    """What a rate is for, as it is stored; raises Invalid for a category that does not exist."""
    category_id, taxed_as = values.get("category_id"), values.get("taxed_as") or TaxedAs.GOODS
    if category_id and taxed_as == TaxedAs.SHIPPING:
        raise Invalid(errors={"categoryId": ["A rate of shipping has no category."]})
    if category_id and Category.raw().find_one({"_id": category_id}, {"_id": 1}) is None:
        raise Invalid(errors={"categoryId": ["There is no such category."]})
    region = values.get("region")
    return {
        "country": values["country"],
        "region_key": region_key(region) if region else None,
        "category_id": category_id,
        "taxed_as": str(taxed_as),
    }


def region_key(region: str) -> str:
    """A state or city as it is compared: "Đà Nẵng" as "da nang"."""
    return " ".join(text.fold(region).split())


def checked_percent(percent: str | Decimal) -> str:
    """A per cent from 0 to 100 as it is stored: "8.2500" as "8.25"; raises Invalid."""
    try:
        value = Decimal(percent)
        fits = value.is_finite() and 0 <= value <= 100
        fits = fits and value == round(value, _DECIMALS)
    except InvalidOperation:
        fits = False
    if not fits:
        raise Invalid(errors={"percent": [f"Must be 0 to 100, with up to {_DECIMALS} decimals."]})
    return f"{value.normalize():f}"


def tax_within(amount: int, percent: str) -> int:
    """The tax in an amount that includes it, rounded half up."""
    rate = _scaled(percent)
    return _half_up(amount * rate, _WHOLE + rate)


def tax_upon(amount: int, percent: str) -> int:
    """The tax that comes on top of an amount, rounded half up."""
    return _half_up(amount * _scaled(percent), _WHOLE)


def _scaled(percent: str) -> int:
    return int(Decimal(percent).scaleb(_DECIMALS))


def _half_up(numerator: int, denominator: int) -> int:
    """Exact, where a Decimal of 28 digits could be rounded twice."""
    return (2 * numerator + denominator) // (2 * denominator)
