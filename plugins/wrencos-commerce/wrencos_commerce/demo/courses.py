"""What becomes of each order of the demo's year: planned before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from wrencos_commerce.demo.catalogue import OPEN_SINCE
from wrencos_commerce.demo.customers import DemoCustomer
from wrencos_commerce.demo.promotions import THANKS, WELCOME
from wrencos_commerce.services.stock_ledger import Unit

MOST_ORDERS = 2000
# A small catalogue sells less, else a year would sell it out.
_ORDERS_PER_PRODUCT = 9
# How a month compares with the mean: quiet summer, the sales of November, gifts before Tết.
_SEASON = (1.15, 1.1, 1.2, 0.9, 0.85, 0.8, 0.8, 0.85, 0.95, 1.15, 1.4, 1.3)
_HOURS = (9, 10, 11, 12, 12, 13, 14, 16, 18, 19, 20, 20, 21, 21, 22, 23)
# Of what is sent; one order in ten is sold at the counter.
_METHODS = (("cod", 11), ("demo", 7), ("bank_transfer", 2))
_AT_COUNTER, COUNTER = 0.1, "cash"
_CANCELLED, _REFUSED, _IN_PARTS, _GOODWILL = 0.05, 0.03, 0.06, 0.02
_FAILED_FIRST, _NEVER_PAID = 0.1, 0.05
_RETURNED, _NOT_ALL_OF_IT = 0.05, 0.2
_WELCOMED, _THANKED = 0.4, 0.05


# The moment so many hours later, at least and at most.
Later = Callable[[float, float], datetime]


class Act(StrEnum):
    """Something that happens to an order."""

    PLACE = "place"
    SELL = "sell"
    PAY = "pay"
    FAIL = "fail"
    TRANSFER = "transfer"
    LOOK_AT_UNPAID = "look_at_unpaid"
    CANCEL = "cancel"
    PROCESS = "process"
    SHIP_SOME = "ship_some"
    SHIP = "ship"
    REFUSE = "refuse"
    DELIVER = "deliver"
    GOODWILL = "goodwill"
    ASK_RETURN = "ask_return"
    REJECT_RETURN = "reject_return"
    TAKE_RETURN = "take_return"


@dataclass(frozen=True)
class PlannedOrder:
    """An order to come: who buys how many of what, how they pay, and the code that they type."""

    customer: DemoCustomer
    items: Sequence[tuple[Unit, int]]
    method: str
    coupon: str | None = None


@dataclass(frozen=True)
class Step:
    """Something that happens at a moment to the order number `order` of the plan."""

    at: datetime
    order: int
    act: Act


def plan(
    customers: Sequence[DemoCustomer],
    products: Sequence[Unit],
    end: datetime,
    methods: Collection[str],
) -> tuple[list[PlannedOrder], list[Step]]:
    """The orders, paid by these methods, and all that happens to them until `end`, in time."""
    random = Random(20)  # noqa: S311 - the same demo every time
    popularity = [0.5 + random.paretovariate(1.6) for _ in products]
    loyalty = [random.paretovariate(1.8) for _ in customers]
    ways = [way for way in _METHODS if way[0] in methods]
    planned: list[PlannedOrder] = []
    known: set[str | None] = set()
    steps: list[Step] = []
    for at in _moments(random, min(MOST_ORDERS, _ORDERS_PER_PRODUCT * len(products)), end):
        weights = [
            weight if customer.since <= at else 0
            for customer, weight in zip(customers, loyalty, strict=True)
        ]
        (size,) = random.choices((1, 2, 3, 4), (4, 4, 2, 1))
        chosen = random.choices(products, popularity, k=size)
        items = [(unit, random.choices((1, 2, 3), (8, 2, 1))[0]) for unit in dict.fromkeys(chosen)]
        (method,) = random.choices([id for id, _ in ways], [weight for _, weight in ways])
        if random.random() < _AT_COUNTER:
            method = COUNTER
        customer = random.choices(customers, weights)[0]
        coupon = _coupon(random, is_new=customer.identity.user_id not in known)
        known.add(customer.identity.user_id)
        planned.append(PlannedOrder(customer, items, method, coupon))
        course = _course(random, at, len(planned) - 1, method)
        steps += (step for step in course if step.at < end)
    return planned, sorted(steps, key=lambda step: (step.at, step.order))


def _coupon(random: Random, *, is_new: bool) -> str | None:
    if random.random() < (_WELCOMED if is_new else _THANKED):
        return WELCOME if is_new else THANKS
    return None


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


def _course(random: Random, at: datetime, order: int, method: str) -> Iterator[Step]:
    """What becomes of an order that is placed at this moment."""

    def later(least: float, most: float) -> datetime:
        nonlocal at
        at += timedelta(hours=random.uniform(least, most))
        return at

    if method == COUNTER:
        yield Step(at, order, Act.SELL)
        return
    yield Step(at, order, Act.PLACE)
    if method != "cod":
        if random.random() < _NEVER_PAID:
            hold = 0.25 if method == "demo" else 72
            yield Step(later(hold + 0.05, hold + 0.1), order, Act.LOOK_AT_UNPAID)
            yield Step(later(24, 24.1), order, Act.LOOK_AT_UNPAID)
            return
        if method == "demo" and random.random() < _FAILED_FIRST:
            yield Step(later(0.02, 0.1), order, Act.FAIL)
        paid = (0.02, 0.12) if method == "demo" else (0.5, 30)
        yield Step(later(*paid), order, Act.PAY if method == "demo" else Act.TRANSFER)
    if random.random() < _CANCELLED:
        yield Step(later(0.2, 8), order, Act.CANCEL)
        return
    yield Step(later(1, 14), order, Act.PROCESS)
    if random.random() < _IN_PARTS:
        yield Step(later(2, 20), order, Act.SHIP_SOME)
    yield Step(later(8, 40), order, Act.SHIP)
    if random.random() < _REFUSED:
        yield Step(later(20, 110), order, Act.REFUSE)
        return
    yield Step(later(20, 110), order, Act.DELIVER)
    yield from _after(random, order, later)


def _after(random: Random, order: int, later: Later) -> Iterator[Step]:
    """What comes after the delivery, if anything."""
    if random.random() < _GOODWILL:
        yield Step(later(24, 200), order, Act.GOODWILL)
    elif random.random() < _RETURNED:
        yield Step(later(24, 240), order, Act.ASK_RETURN)
        is_refused = random.random() < _NOT_ALL_OF_IT
        act = Act.REJECT_RETURN if is_refused else Act.TAKE_RETURN
        yield Step(later(60, 200), order, act)
