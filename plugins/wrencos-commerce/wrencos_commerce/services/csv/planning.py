"""What an import makes of products: the rows before and after, by the rules of the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.product import MAX_MEDIA, Product, brand_slug, summary
from wrencos_commerce.services.csv.columns import column_of
from wrencos_commerce.services.csv.known import Known, known_of
from wrencos_commerce.services.csv.parsed import ParsedProduct, ParsedVariant, Problem
from wrencos_commerce.services.products import DEFAULTS, Products, slug_of
from wrencos_commerce.services.publishing import rescheduled
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.variants import (
    checked,
    checked_together,
    minor_amounts,
    new_variant,
    variant_name,
)
from wrencos_core.api import Invalid, new_id, new_row

Row = Mapping[str, Any]
BrandNamed = Callable[[str], Row]

_NOTHING: tuple[Any, ...] = (None, [], {})


@dataclass(slots=True)
class Plan:
    """A product before (None: it is created) and after, and the fields that differ."""

    parsed: ParsedProduct
    before: Row | None
    after: dict[str, Any]
    changed: set[str]
    problems: list[Problem] = field(default_factory=list)


class Planner:
    """Plans batches; reads only."""

    def __init__(self, products: Products, stock: Stock, locale: str) -> None:
        self._products = products
        self._stock = stock
        self._locale = locale

    def plan(
        self,
        batch: Sequence[ParsedProduct],
        brand_named: BrandNamed,
        earlier: Collection[str] = (),
    ) -> list[Plan]:
        """A plan for each product, with `problems` where it breaks a rule.

        Rows that mean the same product have one plan together; of those that break a rule each
        has its own. `earlier` are slugs of products that the same file creates before.
        """
        known = known_of(batch, earlier)
        return _merged([self._learnt(parsed, known, brand_named) for parsed in batch])

    def _learnt(self, parsed: ParsedProduct, known: Known, brand_named: BrandNamed) -> Plan:
        """The plan; the next rows build on it."""
        plan = self._plan(parsed, known, brand_named)
        if not plan.problems:
            known.add(plan.after)
        return plan

    def _plan(self, parsed: ParsedProduct, known: Known, brand_named: BrandNamed) -> Plan:
        if parsed.problems:
            return Plan(parsed, None, {}, set(), list(parsed.problems))
        problems: list[Problem] = []
        before = known.found(parsed, problems)
        if problems:
            return Plan(parsed, before, {}, set(), problems)
        try:
            stored = self._products.stored(_news(parsed.values, before), brand_named)
        except Invalid as error:
            return Plan(parsed, before, {}, set(), _told(error, parsed.group.first_row))
        if before is not None:
            stored = {**rescheduled(stored), **stored}
        media = self._media(parsed, before)
        variants = self._variants(parsed, before, media, problems)
        if before is None and not parsed.values.get("name"):
            words = "Is needed for a new product."
            problems.append(Problem(parsed.group.first_row, "name", words))
        if problems:
            return Plan(parsed, before, {}, set(), problems)
        stored |= {"variants": variants, **_translations(parsed, before), **media}
        if len(stored.get("media", ())) > MAX_MEDIA:
            words = f"A product has {MAX_MEDIA} pictures at most."
            problems.append(Problem(parsed.group.first_row, "imageUrl", words))
        after = dict(before) if before else self._created(parsed, stored, known)
        changed = {name for name, value in stored.items() if _differs(after, name, value)}
        # With what is derived of the variants: the next new one may have the product's price.
        after |= {**stored, **summary(variants)}
        return Plan(parsed, before, after, changed, problems)

    def _created(self, parsed: ParsedProduct, stored: Row, known: Known) -> dict[str, Any]:
        slug = parsed.group.handle or slug_of(stored["name"])
        if slug in known.slugs:
            slug = f"{slug}-{new_id('slug')[-8:].lower()}"
        known.slugs.add(slug)
        fields = {**DEFAULTS, "currency": self._products.currency, "slug": slug}
        return new_row(new_id(Product.id_prefix), **fields)

    def _variants(
        self, parsed: ParsedProduct, before: Row | None, media: Row, problems: list[Problem]
    ) -> list[Row]:
        """The variants of the product afterwards; those that the file does not name stay."""
        pictures = {picture["url"]: picture["id"] for picture in media.get("media", ())}
        variants: list[Row] = list(before["variants"]) if before else []
        places = {variant["sku"]: n for n, variant in enumerate(variants)}
        names = {variant_name(variant): n for n, variant in enumerate(variants)}
        for variant_given in parsed.variants:
            given = _with_picture(variant_given, pictures)
            sku = given.values.get("sku")
            place = places.get(sku) if sku else names.get(variant_name(given.values))
            try:
                if place is not None:
                    variants[place] = self._updated(variants[place], given)
                else:
                    variants.append(self._new(given, before))
            except Invalid as error:
                problems.extend(_told(error, given.row))
        try:
            checked_together(variants)
        except Invalid as error:
            if not problems:
                problems.extend(_told(error, parsed.group.first_row))
        return variants

    def _updated(self, variant: Row, given: ParsedVariant) -> Row:
        values = checked(minor_amounts(given.values, self._products.currency))
        news = {name: value for name, value in values.items() if _differs(variant, name, value)}
        if "inventory" in news:
            self._stock.check_count(variant, news["inventory"])
        return {**variant, **news} if news else variant

    def _media(self, parsed: ParsedProduct, before: Row | None) -> dict[str, Any]:
        """The gallery afterwards: the file's pictures, then those that it does not name."""
        if not parsed.group.media:
            return {}
        old = {picture["url"]: picture for picture in (before.get("media", ()) if before else ())}
        given = {picture["url"]: picture["alt"] for picture in parsed.group.media}
        media = [old.get(url) or self._linked(url, alt) for url, alt in given.items()]
        media += [picture for url, picture in old.items() if url not in given]
        return {"media": media, "image_url": media[0]["url"]}

    def _linked(self, url: str, alt: str) -> Row:
        texts = {self._locale: alt} if alt else {}
        return {"id": _picture_id(url), "url": url, "thumbnails": {}, "alt": texts}

    def _new(self, given: ParsedVariant, before: Row | None) -> Row:
        values = minor_amounts(given.values, self._products.currency)
        if "price" not in values:
            if before is None:
                raise Invalid(errors={"price": ["Is needed for a new product."]})
            values["price"] = before["price"]
        return new_variant({key: value for key, value in values.items() if value is not None})


def known_brands(batch: Iterable[ParsedProduct]) -> BrandNamed:
    """Looks brands of the batch up, without a query for each; one that is new has no id."""
    names = {parsed.values["brand"] for parsed in batch if parsed.values.get("brand")}
    slugs = sorted({brand_slug(name) for name in names})
    found = Brand.raw().find({"slugs": {"$in": slugs}}) if slugs else ()
    rows = {slug: row for row in found for slug in row["slugs"]}
    return lambda name: rows.get(brand_slug(name)) or {"name": name, "_id": None}


def _news(values: Row, before: Row | None) -> Row:
    """Without a list of ingredients that is known already: reading it takes the longest."""
    if before is None or before.get("ingredients") != values.get("ingredients"):
        return values
    return {name: value for name, value in values.items() if name != "ingredients"}


def _merged(plans: Iterable[Plan]) -> list[Plan]:
    """One plan for each product, or two writes of it would overwrite each other's fields."""
    found: list[Plan] = []
    of_product: dict[str, Plan] = {}
    for plan in plans:
        first = None if plan.problems else of_product.get(plan.after["_id"])
        if first is None:
            found.append(plan)
            if not plan.problems:
                of_product[plan.after["_id"]] = plan
            continue
        names = first.changed | plan.changed
        if first.before is not None:
            names = {name for name in names if _differs(first.before, name, plan.after[name])}
        first.after, first.changed = plan.after, names
    return found


def _translations(parsed: ParsedProduct, before: Row | None) -> dict[str, Any]:
    if not parsed.translations:
        return {}
    texts = {
        locale: dict(words)
        for locale, words in (before.get("translations", {}) if before else {}).items()
    }
    for (locale, name), words in parsed.translations.items():
        texts.setdefault(locale, {})[name] = words
    kept = {
        locale: {name: words for name, words in found.items() if words}
        for locale, found in texts.items()
    }
    return {"translations": {locale: found for locale, found in kept.items() if found}}


def _with_picture(given: ParsedVariant, pictures: Mapping[str, str]) -> ParsedVariant:
    values = dict(given.values)
    url = values.pop("picture_url", None)
    if url in pictures:
        values["media_ids"] = [pictures[url]]
    return ParsedVariant(given.row, values)


def _picture_id(url: str) -> str:
    """The id of a picture that is only linked: the same for the same address."""
    return f"link_{hashlib.sha256(url.encode()).hexdigest()[:24]}"


def _differs(row: Row, name: str, value: Any) -> bool:
    """Whether the field is to change; what is missing is None."""
    old = row.get(name)
    return bool(old != value) and not (old in _NOTHING and value in _NOTHING)


def _told(error: Invalid, row: int) -> list[Problem]:
    return [
        Problem(row, column_of(name), " ".join(map(str, words)))
        for name, words in (error.extra.get("errors") or {"row": [error.detail]}).items()
    ]
