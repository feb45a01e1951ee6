"""What of a refund falls on which line and charge, so that all refunds add up to the order.

Each part of an order is paid back along one line from nothing to its total: what a further piece or
amount is worth is the difference of two points on it. So no rounding is lost, whatever the steps,
and the tax of all refunds of a part is the part's tax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wrencos_core.api import Invalid, money

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """The parts of a refund, as Refund stores them, and their sum in minor units."""

    lines: Sequence[Row]
    charges: Sequence[Row]

    @property
    def amount(self) -> int:
        return sum(part["amount"] for part in (*self.lines, *self.charges))


def of_pieces(order: Row, pieces: Mapping[str, int], charges: Sequence[str] = ()) -> Allocation:
    """Pieces of lines, by variant, with what is left of these charges (`shipping`, a fee's code).

    Raises Invalid for a line or charge that the order has not, or more pieces than are left.
    """
    by_variant = {line["variant_id"]: line for line in order["lines"]}
    by_code = {charge["code"]: charge for charge in order["charges"]}
    if unknown := [id for id in pieces if id not in by_variant]:
        raise Invalid(errors={"items": [f"{unknown[0]} is not in the order."]})
    if unknown := [code for code in charges if code not in by_code]:
        raise Invalid(errors={"charges": [f"{unknown[0]} is not in the order."]})
    lines = []
    for id, quantity in pieces.items():
        line = by_variant[id]
        before = line["refunded_pieces"]
        left = line["quantity"] - before
        if quantity > left:
            raise Invalid(errors={"items": [f"Only {left} of {line['name']} are not refunded."]})
        worth = _point(line, before + quantity) - _point(line, before)
        lines.append(_line(line, quantity, min(worth, line["total"] - line["refunded"])))
    return Allocation(
        lines=[line for line in lines if line["amount"] or line["quantity"]],
        charges=_rest_of_charges([by_code[code] for code in dict.fromkeys(charges)]),
    )


def less(order: Row, allocation: Allocation, deduction: int) -> Allocation:
    """The allocation without `deduction`, which each part bears by what it is worth.

    Raises Invalid when there is not so much in it.
    """
    if not deduction:
        return allocation
    worth = [part["amount"] for part in (*allocation.lines, *allocation.charges)]
    if not 0 < deduction <= sum(worth):
        most = money.to_major(sum(worth), order["currency"])
        raise Invalid(errors={"deduction": [f"At most {most} {order['currency']} can be kept."]})
    shares = iter(money.split(deduction, worth))
    lines = {line["variant_id"]: line for line in order["lines"]}
    charges = {charge["code"]: charge for charge in order["charges"]}
    return Allocation(
        lines=[
            _line(lines[part["variant_id"]], part["quantity"], part["amount"] - next(shares))
            for part in allocation.lines
        ],
        charges=[
            _charge(charges[part["code"]], part["amount"] - next(shares))
            for part in allocation.charges
        ],
    )


def parted(allocation: Allocation, amount: int) -> tuple[Allocation, Allocation]:
    """The first `amount` of the allocation, and the rest of it; together they are what it was.

    The pieces of a line that is cut are told with the rest.
    """
    left = amount
    first: dict[str, list[Row]] = {"lines": [], "charges": []}
    rest: dict[str, list[Row]] = {"lines": [], "charges": []}
    for kind, parts in (("lines", allocation.lines), ("charges", allocation.charges)):
        for part in parts:
            taken = min(left, part["amount"])
            left -= taken
            if taken == part["amount"]:
                first[kind].append(part)
                continue
            tax = money.round_half_up(Decimal(part["tax"] * taken) / part["amount"])
            rest[kind].append({**part, "amount": part["amount"] - taken, "tax": part["tax"] - tax})
            if taken:
                pieces = {"quantity": 0} if kind == "lines" else {}
                first[kind].append({**part, "amount": taken, "tax": tax, **pieces})
    return Allocation(**first), Allocation(**rest)


def of_amount(order: Row, amount: int) -> Allocation:
    """An amount for no particular piece, spread over all that is left by what that is worth.

    Raises Invalid when it is more than is left.
    """
    parts = [*order["lines"], *order["charges"]]
    left = [part["total"] - part["refunded"] for part in parts]
    if not 0 < amount <= sum(left):
        most = money.to_major(sum(left), order["currency"])
        raise Invalid(errors={"amount": [f"At most {most} {order['currency']} can be refunded."]})
    shares = money.split(amount, left)
    count = len(order["lines"])
    return Allocation(
        lines=[
            _line(line, 0, share)
            for line, share in zip(order["lines"], shares[:count], strict=True)
            if share
        ],
        charges=[
            _charge(charge, share)
            for charge, share in zip(order["charges"], shares[count:], strict=True)
            if share
        ],
    )


def of_rest(order: Row) -> Allocation:
    """All that has not been refunded yet."""
    lines = [
        _line(line, line["quantity"] - line["refunded_pieces"], line["total"] - line["refunded"])
        for line in order["lines"]
    ]
    return Allocation(
        lines=[line for line in lines if line["amount"] or line["quantity"]],
        charges=_rest_of_charges(order["charges"]),
    )


def reserved(order: Row, allocation: Allocation, sign: int = 1) -> dict[str, Any]:
    """The order's `lines` and `charges` with the refund counted in (-1: out again)."""
    lines = {part["variant_id"]: part for part in allocation.lines}
    charges = {part["code"]: part for part in allocation.charges}
    return {
        "lines": [
            {
                **line,
                "refunded": line["refunded"] + sign * part["amount"],
                "refunded_tax": line.get("refunded_tax", 0) + sign * part["tax"],
                "refunded_pieces": line["refunded_pieces"] + sign * part["quantity"],
            }
            if (part := lines.get(line["variant_id"]))
            else line
            for line in order["lines"]
        ],
        "charges": [
            {
                **charge,
                "refunded": charge["refunded"] + sign * part["amount"],
                "refunded_tax": charge.get("refunded_tax", 0) + sign * part["tax"],
            }
            if (part := charges.get(charge["code"]))
            else charge
            for charge in order["charges"]
        ],
    }


def _rest_of_charges(charges: Sequence[Row]) -> list[Row]:
    rest = [_charge(charge, charge["total"] - charge["refunded"]) for charge in charges]
    return [part for part in rest if part["amount"]]


def _point(line: Row, pieces: int) -> int:
    """What the first so many pieces of a line are worth together."""
    return int(line["total"] * pieces // line["quantity"])


def _line(line: Row, quantity: int, amount: int) -> Row:
    return {
        "variant_id": line["variant_id"],
        "quantity": quantity,
        "amount": amount,
        "tax": _tax(line, amount),
    }


def _charge(charge: Row, amount: int) -> Row:
    return {"code": charge["code"], "amount": amount, "tax": _tax(charge, amount)}


def _tax(part: Row, amount: int) -> int:
    """The tax in the next `amount` that is refunded of the part.

    Counted from the tax that was refunded, not from the amount: a refund that was rejected in
    between may have had a unit more or less.
    """
    if not part["total"]:
        return 0
    refunded = part["refunded"] + amount
    tax = money.round_half_up(Decimal(part["tax"] * refunded) / part["total"])
    before: int = part.get("refunded_tax", 0)
    return min(amount, max(0, tax - before))
