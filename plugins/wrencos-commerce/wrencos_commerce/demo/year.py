"""A year of orders, made by the services that serve the API with the clock moved, so that all of
it ties out: stock, payments, parcels and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wrencos_commerce.demo.courses import MOST_ORDERS, Act, PlannedOrder, Step, plan
from wrencos_commerce.demo.customers import demo_customers
from wrencos_commerce.demo.payers import Payers
from wrencos_commerce.demo.returning import DemoReturns
from wrencos_commerce.errors import CouponRefused, OutOfStock
from wrencos_commerce.models.order import Channel, Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import RefundReason
from wrencos_commerce.services.cart_choices import CartChoices
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.checkout import Checkout, Purchase
from wrencos_commerce.services.order_placing import Contact
from wrencos_commerce.services.order_shipments import Parcel
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refunds import Refunds, RefundWish
from wrencos_commerce.services.staff_orders import Sale, SoldItem, StaffOrders
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, DemoContext, clock, money, now, transaction

# Steps that are committed together; the services join the transaction around them.
_BATCH = 40
_CARRIER = "Demo Express"


def fill_year(context: DemoContext) -> None:
    """The orders of a year up to now; nothing when anything was ordered already."""
    if Order.raw().find_one({}, {"_id": 1}):
        return
    end, currency = now(), context.platform.settings.currency
    offered = context.platform.services.require(PaymentMethods).offered(None, currency)
    methods = [gateway.id for gateway in offered if gateway.accepts(10_000, currency)]
    planned, steps = plan(demo_customers(context), _units(), end, methods)
    simulation = Simulation(context, planned)
    for first in range(0, len(steps), _BATCH):
        simulation.run(steps[first : first + _BATCH])
        context.progress("A year of orders, steps", min(first + _BATCH, len(steps)), len(steps))


def _units() -> list[Unit]:
    """What is bought: of each product the first variant mostly, the others now and then."""
    rows = Product.raw().find({"is_active": True}, {"variants.id": 1}).sort("sku", 1)
    units = [Unit(row["_id"], v["id"]) for row in rows for v in row["variants"]]
    return units[:MOST_ORDERS]


class Simulation:
    """Carries steps out through the services that serve the API."""

    def __init__(self, context: DemoContext, planned: Sequence[PlannedOrder]) -> None:
        services = context.platform.services
        self._carts = services.require(Carts)
        self._checkout = services.require(Checkout)
        self._orders = services.require(Orders)
        self._expiry = services.require(Expiry)
        self._refunds = services.require(Refunds)
        self._sending = services.require(RefundSending)
        self._stock = services.require(Stock)
        self._counter = services.require(StaffOrders)
        self._payers = Payers(context.platform)
        self._choices = services.require(CartChoices)
        self._returns = DemoReturns(context.platform)
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
        if step.act is Act.PLACE:
            if id := self._place(order):
                placed[step.order] = id
        elif step.act is Act.SELL:
            self._sell(order, step.order)
        elif step.order in placed:
            self._act(step.act, placed[step.order], order)

    def _act(self, act: Act, id: str, order: PlannedOrder) -> None:
        identity = order.customer.identity
        if act in (Act.PAY, Act.FAIL):
            self._payers.press(id, identity, "paid" if act is Act.PAY else "failed")
        elif act is Act.TRANSFER:
            self._payers.transfer(id, identity)
        elif act is Act.LOOK_AT_UNPAID:
            self._payers.give_up(id)
            self._expiry.run()
        elif not _is_waiting(id):
            self._move(act, id, order)

    def _move(self, act: Act, id: str, order: PlannedOrder) -> None:
        if act is Act.CANCEL:
            self._orders.cancel(id, order.customer.identity)
        elif act is Act.PROCESS:
            self._orders.change_status(id, StatusChange(status=OrderStatus.PROCESSING), SYSTEM)
        elif act is Act.SHIP_SOME:
            self._ship_some(id)
        elif act is Act.SHIP:
            self._orders.ship(id, _parcel(id, "B"), SYSTEM)
        elif act is Act.REFUSE:
            self._orders.refuse_parcel(id, SYSTEM)
        elif act is Act.DELIVER:
            self._orders.change_status(id, StatusChange(status=OrderStatus.DELIVERED), SYSTEM)
        elif act is Act.GOODWILL:
            self._goodwill(id)
        else:
            self._returns.go_on(act, id, order.customer.identity)
        self._pay_back(id)

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
        if order.coupon is not None:
            self._type_code(holder, order.coupon)
        purchase = Purchase(payment_method_id=order.method, address=order.customer.address)
        return str(self._checkout.place(holder, purchase)["_id"])

    def _sell(self, order: PlannedOrder, number: int) -> None:
        """At the counter, every second time to somebody without an account."""
        if not self._stock.has(dict(order.items)):
            return
        is_known = number % 2 == 0
        sale = Sale(
            channel=Channel.COUNTER,
            items=[
                SoldItem(variant_id=unit.variant_id, quantity=quantity)
                for unit, quantity in order.items
            ],
            user_id=order.customer.identity.user_id if is_known else None,
            contact=None if is_known else Contact(name="Walk-in Demo"),
        )
        self._counter.create(sale, SYSTEM)

    def _type_code(self, holder: CartHolder, code: str) -> None:
        """A code that does not count is taken away again."""
        try:
            self._choices.add_coupon(holder, code)
        except CouponRefused:
            self._choices.remove_coupon(holder, code)

    def _ship_some(self, id: str) -> None:
        """The first line goes ahead, where there are several."""
        first, *others = Order.raw().find_one({"_id": id})["lines"]
        if others:
            pieces = {first["variant_id"]: first["quantity"]}
            self._orders.ship(id, _parcel(id, "A", pieces), SYSTEM)

    def _goodwill(self, id: str) -> None:
        """A tenth of the price back, for a scratched box."""
        order = Order.raw().find_one({"_id": id})
        amount = money.to_major(order["total_price"] // 10, order["currency"])
        if amount > Decimal(0):
            wish = RefundWish(reason=RefundReason.GOODWILL, amount=amount)
            self._refunds.request(id, wish, SYSTEM)

    def _pay_back(self, id: str) -> None:
        """What a worker does with the refunds of the order; transfers and cash the staff pay."""
        for refund in self._refunds.of_order(id):
            self._sending.submit(refund["_id"])
            self._payers.confirm_refund(refund["_id"])


def _is_waiting(id: str) -> bool:
    """Whether the order still waits for its payment, or was cancelled for want of it."""
    row = Order.raw().find_one({"_id": id}, {"status": 1})
    return row["status"] in (OrderStatus.PENDING, OrderStatus.CANCELLED)


def _parcel(id: str, letter: str, pieces: dict[str, int] | None = None) -> Parcel:
    number = f"DEMO-{id[-8:]}-{letter}"
    return Parcel(pieces=pieces, carrier=_CARRIER, tracking_number=number)
