"""A year of orders, placed through the real checkout with the clock moved, so that all ties out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from wrencos_commerce.demo.catalogue import OPEN_SINCE
from wrencos_commerce.demo.customers import DemoCustomer, demo_customers
from wrencos_commerce.errors import OutOfStock
from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, DemoContext, clock, now, transaction

MOST_ORDERS = 2000
# A small catalogue sells less, else a year would sell it out.
_ORDERS_PER_PRODUCT = 9
_CANCELLED = 0.07
# Steps that are committed together; the services join the transaction around them.
_BATCH = 40
# How a month compares with the mean: quiet summer, the sales of November, gifts before Tết.
_SEASON = (1.15, 1.1, 1.2, 0.9, 0.85, 0.8, 0.8, 0.85, 0.95, 1.15, 1.4, 1.3)
_HOURS = (9, 10, 11, 12, 12, 13, 14, 16, 18, 19, 20, 20, 21, 21, 22, 23)


@dataclass(frozen=True)
class PlannedOrder:
    """An order to come: who buys how many of what."""

    customer: DemoCustomer
    items: Sequence[tuple[Unit, int]]


@dataclass(frozen=True)
class Step:
    """Something that happens at a moment to the order number `order` of the plan."""

    at: datetime
    order: int
    status: OrderStatus


def fill_year(context: DemoContext) -> None:
    """The orders of a year up to now; nothing when anything was ordered already."""
    if Order.raw().find_one({}, {"_id": 1}):
        return
    end = now()
    planned, steps = plan(demo_customers(context), _units(), end)
    simulation = Simulation(context, planned)
    for first in range(0, len(steps), _BATCH):
        simulation.run(steps[first : first + _BATCH])
        context.progress("A year of orders, steps", min(first + _BATCH, len(steps)), len(steps))


def _units() -> list[Unit]:
    """What is bought: of each product the first variant mostly, the others now and then."""
    rows = Product.raw().find({"is_active": True}, {"variants.id": 1}).sort("sku", 1)
    units = [Unit(row["_id"], v["id"]) for row in rows for v in row["variants"]]
    return units[:MOST_ORDERS]


def plan(
    customers: Sequence[DemoCustomer], products: Sequence[Unit], end: datetime
) -> tuple[list[PlannedOrder], list[Step]]:
    """The orders, and all that happens to them until `end`, in the order of time."""
    random = Random(20)  # noqa: S311 - the same demo every time
    popularity = [0.5 + random.paretovariate(1.6) for _ in products]
    loyalty = [random.paretovariate(1.8) for _ in customers]
    planned: list[PlannedOrder] = []
    steps: list[Step] = []
    for at in _moments(random, min(MOST_ORDERS, _ORDERS_PER_PRODUCT * len(products)), end):
        weights = [
            weight if customer.since <= at else 0
            for customer, weight in zip(customers, loyalty, strict=True)
        ]
        (size,) = random.choices((1, 2, 3, 4), (4, 4, 2, 1))
        chosen = random.choices(products, popularity, k=size)
        items = [(unit, random.choices((1, 2, 3), (8, 2, 1))[0]) for unit in dict.fromkeys(chosen)]
        planned.append(PlannedOrder(random.choices(customers, weights)[0], items))
        steps += (step for step in _course(random, at, len(planned) - 1) if step.at < end)
    return planned, sorted(steps, key=lambda step: (step.at, step.order))


def _moments(random: Random, count: int, end: datetime) -> list[datetime]:
    """When orders come: more each month, with the season, most in the evening."""
    days = [end - OPEN_SINCE + timedelta(days=day) for day in range(1, OPEN_SINCE.days + 1)]
    weights = [
        (1 + 1.5 * number / len(days))
        * _SEASON[day.month - 1]
        * (1.25 if day.weekday() >= 5 else 1)
        for number, day in enumerate(days)
    ]
    moments = []
    for day in random.choices(days, weights, k=count):
        # Hours are those of Việt Nam, UTC+7.
        at = day.replace(hour=random.choice(_HOURS) - 7, minute=random.randrange(60))
        moments.append(min(at + timedelta(seconds=random.randrange(60)), end))
    return sorted(moments)


def _course(random: Random, at: datetime, order: int) -> Iterator[Step]:
    """What becomes of an order that is placed at this moment."""

    def later(least: float, most: float) -> datetime:
        nonlocal at
        at += timedelta(hours=random.uniform(least, most))
        return at

    yield Step(at, order, OrderStatus.CONFIRMED)
    if random.random() < _CANCELLED:
        yield Step(later(0.2, 8), order, OrderStatus.CANCELLED)
        return
    yield Step(later(1, 14), order, OrderStatus.PROCESSING)
    yield Step(later(8, 40), order, OrderStatus.SHIPPED)
    yield Step(later(20, 110), order, OrderStatus.DELIVERED)


class Simulation:
    """Carries steps out through the services that serve the API."""

    def __init__(self, context: DemoContext, planned: Sequence[PlannedOrder]) -> None:
        services = context.platform.services
        self._carts = services.require(Carts)
        self._checkout = services.require(Checkout)
        self._orders = services.require(Orders)
        self._planned = planned
        # The ids of the orders that were placed, by their number in the plan.
        self._placed: dict[int, str] = {}

    def run(self, steps: Sequence[Step]) -> None:
        """Carry out the steps, each at its moment, in one transaction."""
        time = clock.ManualClock(steps[0].at)

        def work() -> dict[int, str]:
            placed = dict(self._placed)
            for step in steps:
                time.move_to(step.at)
                self._take(step, placed)
            return placed

        with clock.use(time):
            self._placed = transaction(work)

    def _take(self, step: Step, placed: dict[int, str]) -> None:
        order = self._planned[step.order]
        if step.status is OrderStatus.CONFIRMED:
            if id := self._place(order):
                placed[step.order] = id
        elif step.order in placed:
            id = placed[step.order]
            if step.status is OrderStatus.CANCELLED:
                self._orders.cancel(id, order.customer.identity)
            else:
                self._orders.change_status(id, _change(step, id), SYSTEM)

    def _place(self, order: PlannedOrder) -> str | None:
        """The id of the order, or None when nothing of it was in stock."""
        holder = CartHolder(order.customer.identity)
        filled = False
        for unit, quantity in order.items:
            try:
                self._carts.add(holder, unit.product_id, quantity, unit.variant_id)
                filled = True
            except OutOfStock:
                continue
        if not filled:
            return None
        purchase = Purchase(payment_method_id="cod", address=order.customer.address)
        return str(self._checkout.place(holder, purchase)["_id"])


def _change(step: Step, id: str) -> StatusChange:
    tracking = f"DEMO-{id[-8:]}" if step.status is OrderStatus.SHIPPED else None
    return StatusChange(status=step.status, tracking_number=tracking)
