"""Writes what was planned: a batch of products, with all that depends on them, in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, UpdateOne

from wrencos_commerce.models.import_run import ImportChange
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.brands import Brands
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.fingerprint import OF_INGREDIENTS, fingerprint
from wrencos_commerce.services.csv.parsed import ParsedProduct
from wrencos_commerce.services.csv.planning import BrandNamed, Plan, Planner, known_brands
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.products import price_changes
from wrencos_commerce.services.stock import Stock
from wrencos_core.api import Identity, Platform, bump, new_id, new_row, now
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """What became of the products of a batch; those of `bad` have problems and were left out."""

    created: int
    updated: int
    unchanged: int
    bad: Sequence[Plan]


class Writer:
    """Writes batches; each in the caller's transaction."""

    def __init__(
        self,
        platform: Platform,
        planner: Planner,
        categories: Categories,
        brands: Brands,
        stock: Stock,
        prices: PriceHistory,
    ) -> None:
        self._outbox = platform.outbox
        self._planner = planner
        self._categories = categories
        self._brands = brands
        self._stock = stock
        self._prices = prices

    def write(
        self, batch: Sequence[ParsedProduct], run_id: str, number: int, identity: Identity
    ) -> Written:
        """Write the batch `number` of a run, and what undoing it needs."""
        plans = self._planner.plan(batch, self._brand_named(batch))
        good = [plan for plan in plans if not plan.problems]
        changed = [plan for plan in good if plan.changed]
        if changed:
            self._touch_brands(changed)
            self._store(changed)
            self._tell_stock(changed)
            _record_stock(changed, run_id, identity)
            self._record_prices(changed, identity)
            ImportChange.raw().insert_many([_change(plan, run_id) for plan in changed])
            self._publish(changed, f"{run_id}:{number}")
        created = sum(plan.before is None for plan in changed)
        bad = [plan for plan in plans if plan.problems]
        return Written(created, len(changed) - created, len(good) - len(changed), bad)

    def _brand_named(self, batch: Sequence[ParsedProduct]) -> BrandNamed:
        """Brands of the batch, each new one made once."""
        known = known_brands(batch)
        made: dict[str, Row] = {}

        def brand_named(name: str) -> Row:
            found = known(name)
            if found["_id"] is not None:
                return found
            if name not in made:
                made[name] = self._brands.find_or_create(name)
            return made[name]

        return brand_named

    def _touch_brands(self, plans: Sequence[Plan]) -> None:
        """Whoever renames or deletes one of their brands at this moment conflicts."""
        new = [plan for plan in plans if plan.changed & {"brand", "brand_id"}]
        for name in sorted({plan.after["brand"] for plan in new if plan.after.get("brand")}):
            self._brands.find_or_create(name)

    def _store(self, plans: Sequence[Plan]) -> None:
        ids = {plan.after.get("category_id") for plan in plans} - {None}
        paths = {id: self._categories.path_for_product(str(id)) for id in sorted(map(str, ids))}
        writes: list[InsertOne[Any] | UpdateOne] = []
        for plan in plans:
            extra = derived(plan.after, paths.get(plan.after.get("category_id") or "", []))
            if plan.before is None:
                writes.append(InsertOne({**plan.after, **extra}))
            else:
                fields = {name: plan.after[name] for name in plan.changed}
                update = bump({"$set": {**fields, **extra}})
                writes.append(UpdateOne({"_id": plan.before["_id"]}, update))
        Product.raw().bulk_write(writes, ordered=False)

    def _tell_stock(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            if plan.before is not None:
                old = {variant["id"]: variant for variant in plan.before["variants"]}
                for variant in plan.after["variants"]:
                    known = old.get(variant["id"])
                    if known and known["inventory"] != variant["inventory"]:
                        self._stock.counted(plan.before, known, variant["inventory"])

    def _record_prices(self, plans: Sequence[Plan], identity: Identity) -> None:
        changes = {}
        for plan in plans:
            before = plan.before["variants"] if plan.before else []
            if found := price_changes(before, plan.after["variants"]):
                changes[plan.after["_id"]] = found
        self._prices.record_all(changes, identity)

    def _publish(self, plans: Sequence[Plan], id: str) -> None:
        ids = tuple(plan.after["_id"] for plan in plans if not _is_stock_alone(plan))
        if ids:
            event = ProductsChanged(id=f"{id}:changed", occurred_at=now(), product_ids=ids)
            self._outbox.publish(event)


def _record_stock(plans: Sequence[Plan], run_id: str, identity: Identity) -> None:
    imported = MovementReason.IMPORT
    entries = [
        entry
        for plan in plans
        for entry in stock_ledger.differences(
            plan.after["_id"],
            plan.before["variants"] if plan.before else [],
            plan.after["variants"],
            new=imported,
            changed=imported,
            reference=run_id,
        )
    ]
    stock_ledger.write(entries, identity)


def _is_stock_alone(plan: Plan) -> bool:
    """Whether nothing changed but how much there is."""
    if plan.before is None or plan.changed != {"variants"}:
        return False
    shown = [
        [{**variant, "inventory": 0} for variant in row["variants"]]
        for row in (plan.before, plan.after)
    ]
    return shown[0] == shown[1]


def _change(plan: Plan, run_id: str) -> dict[str, Any]:
    before = plan.before
    row = new_row(
        new_id(ImportChange.id_prefix),
        run_id=run_id,
        product_id=plan.after["_id"],
        is_new=before is None,
        is_undone=False,
        fields=[],
        variants=[],
    )
    if before is None:
        row["variants"] = [_stock_of(variant) for variant in plan.after["variants"]]
        row["made"] = fingerprint(plan.after)
        return row
    names = sorted(plan.changed - OF_INGREDIENTS - {"variants"})
    row["fields"] = [_field(name, before, plan.after) for name in names]
    old = {variant["id"]: variant for variant in before["variants"]}
    for variant in plan.after["variants"]:
        known = old.get(variant["id"])
        if known is None:
            row["variants"].append({**_stock_of(variant), "is_new": True})
        elif known is not variant:
            news = [name for name in sorted(variant) if known.get(name) != variant[name]]
            fields = [_field(name, known, variant) for name in news]
            row["variants"].append({"id": variant["id"], "is_new": False, "fields": fields})
    return row


def _stock_of(variant: Row) -> dict[str, Any]:
    return {"id": variant["id"], "is_new": False, "fields": []}


def _field(name: str, before: Row, after: Row) -> dict[str, Any]:
    return {"name": name, "old": before.get(name), "new": after[name]}
