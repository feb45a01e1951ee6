"""Whatever happens to the stock, in any order: nothing is lost, and the ledger knows all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from wrencos_commerce.errors import CountRefused, NotEnoughInBatch, OutOfStock
from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batch_picking import batched, sellable_batches
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock import ReturnedPieces, Stock
from wrencos_commerce.services.stock_counts import Counted, StockCounts
from wrencos_commerce.services.stock_ledger import Unit, on_hand
from wrencos_core.api import SYSTEM, Invalid, Platform

MakeProduct = Callable[..., str]
FOR_ORDER: Any = {"reference": "order_1", "identity": SYSTEM}
TODAY = datetime(2026, 3, 2, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(clock: Any) -> None:
    clock.move_to(TODAY)


class StockWithBatches(RuleBasedStateMachine):
    """Whatever happens: the stock is what is in sellable batches and in none; nothing is lost.

    And the ledger adds up to what is on hand, held pieces included.
    """

    def __init__(self, platform: Platform, clock: Any, product_id: str) -> None:
        super().__init__()
        self.clock = clock
        self.batches = platform.services.require(Batches)
        self.products = platform.services.require(Products)
        self.counts = platform.services.require(StockCounts)
        self.stock = platform.services.require(Stock)
        variant = Product.raw().find_one({"_id": product_id})["variants"][0]
        self.unit = Unit(product_id, variant["id"])
        self.sold: list[Mapping[str, Any]] = []
        self.held: list[Mapping[str, Any]] = []
        self.edited = 0
        self.written_off = 0
        self.received = 20
        self.number = 0

    def _variant(self) -> Mapping[str, Any]:
        row: Mapping[str, Any] = Product.raw().find_one({"_id": self.unit.product_id})
        return row["variants"][0]  # type: ignore[no-any-return]

    @rule(days=st.integers(0, 40), quantity=st.integers(1, 9))
    def receive(self, days: int, quantity: int) -> None:
        self.number += 1
        self.batches.receive(
            Delivery(
                **self.unit._asdict(),
                code=str(self.number),
                expires_on=self.stock.today() + timedelta(days=days),
                quantity=quantity,
            ),
            SYSTEM,
        )
        self.received += quantity

    @rule(quantity=st.integers(1, 12), hold=st.booleans())
    def sell(self, quantity: int, hold: bool) -> None:
        today = self.stock.today().isoformat()
        try:
            if hold:
                taken = self.stock.hold({self.unit: quantity})
            else:
                taken = self.stock.take({self.unit: quantity}, **FOR_ORDER)
        except OutOfStock:
            assert self.stock.available(self._variant()) < quantity
            return
        batches = list(taken[self.unit].batches)
        for picked in batches:
            assert Batch.raw().find_one({"_id": picked["batch_id"]})["expires_on"] >= today
        line = {**self.unit._asdict(), "quantity": quantity, "batches": batches}
        (self.held if hold else self.sold).append(line)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), paid=st.booleans())
    def decide(self, data: st.DataObject, paid: bool) -> None:
        line = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        if paid:
            self.stock.settle([line], **FOR_ORDER)
            self.sold.append(line)
        else:
            self.stock.release([line])

    @rule(more=st.integers(-5, 5))
    def edit(self, more: int) -> None:
        variant = self._variant()
        wanted = max(0, variant["inventory"] + more)
        if wanted < batched(variant):
            return
        product = {"inventory": wanted}
        self.products.update(self.unit.product_id, product, SYSTEM)
        self.edited += wanted - variant["inventory"]

    @rule(more=st.integers(-9, 9))
    def count(self, more: int) -> None:
        variant = self._variant()
        before = on_hand(variant)
        counted = Counted(counted=max(0, before + more), variant_id=self.unit.variant_id)
        least = variant.get("held", 0) + batched(variant)
        try:
            _, (outcome,) = self.counts.count([counted], None, SYSTEM)
        except CountRefused:
            assert counted.counted < least
            return
        assert counted.counted >= least
        assert (outcome.before, outcome.after) == (before, counted.counted)
        self.edited += outcome.difference

    @rule(quantity=st.integers(-4, 4).filter(bool))
    def correct(self, quantity: int) -> None:
        variant = self._variant()
        loose = variant["inventory"] - batched(variant)
        reason = MovementReason.LOST if quantity < 0 else MovementReason.FOUND
        try:
            self.counts.correct(self.unit.variant_id, quantity, reason, None, SYSTEM)
        except (Invalid, OutOfStock):
            assert -quantity > loose
            return
        assert -quantity <= loose
        self.edited += quantity

    @precondition(lambda self: self.sold)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        line = self.sold.pop(data.draw(st.integers(0, len(self.sold) - 1)))
        self.stock.put_back([line], reason=MovementReason.CANCELLED, **FOR_ORDER)

    @precondition(lambda self: self.sold)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        """Some pieces of a line in two returns, some of them spoilt."""
        line = dict(self.sold.pop(data.draw(st.integers(0, len(self.sold) - 1))))
        for _ in range(2):
            returned = line.get("returned", 0)
            restock = data.draw(st.integers(0, line["quantity"] - returned))
            spoilt = data.draw(st.integers(0, line["quantity"] - returned - restock))
            back = ReturnedPieces(line=dict(line), restock=restock, write_off=spoilt)
            self.stock.receive_return([back], reference="return_1", identity=SYSTEM)
            line["returned"] = returned + restock + spoilt
            self.written_off += spoilt
        kept = line["quantity"] - line["returned"]
        self.written_off += kept

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.clock.advance(timedelta(days=days))

    @rule()
    def expire(self) -> None:
        self.batches.expire_due(SYSTEM)

    @precondition(lambda self: self.number)
    @rule(data=st.data(), recall=st.booleans())
    def close(self, data: st.DataObject, recall: bool) -> None:
        code = str(data.draw(st.integers(1, self.number)))
        row = Batch.raw().find_one({"variant_id": self.unit.variant_id, "code": code})
        if recall:
            self.batches.recall(row["_id"], "test", SYSTEM)
            return
        try:
            self.batches.write_off(row["_id"], None, "test", SYSTEM)
        except NotEnoughInBatch:
            assert row["quantity"] == 0
            return
        self.written_off += row["quantity"]

    @invariant()
    def nothing_is_lost(self) -> None:
        variant = self._variant()
        in_batches = sum(row["quantity"] for row in sellable_batches(variant))
        assert variant["inventory"] >= in_batches
        others = {"$ne": BatchState.SELLABLE.value}
        closed = Batch.raw().find({"variant_id": self.unit.variant_id, "state": others})
        there = variant["inventory"] + sum(row["quantity"] for row in closed)
        held = sum(line["quantity"] for line in self.held)
        sold = sum(line["quantity"] for line in self.sold)
        assert there + held + sold + self.written_off == self.received + self.edited
        assert variant.get("held", 0) == held
        assert stock_ledger.sums([self.unit.product_id]) == {self.unit: variant["inventory"] + held}


def test_stock_with_batches_is_conserved(
    platform: Platform, make_product: MakeProduct, clock: Any
) -> None:
    run_state_machine_as_test(
        lambda: StockWithBatches(platform, clock, make_product(inventory=20)),
        settings=settings(max_examples=20, stateful_step_count=20, deadline=None),
    )
