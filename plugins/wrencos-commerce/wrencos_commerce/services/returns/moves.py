"""The writer of a return's state: each step with its history, and the lock on its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import ReturnTransitionRefused
from wrencos_commerce.models.order_return import RETURN_TRANSITIONS, OrderReturn, ReturnState
from wrencos_commerce.services.order_moves import locked
from wrencos_core.api import Identity, NotFound, StaleVersion, bump, now

Row = Mapping[str, Any]


def locked_return(id: str) -> tuple[Row, Row]:
    """The return and its order, which nobody else can change until the transaction ends.

    Raises NotFound.
    """
    row = OrderReturn.raw().find_one({"_id": id}, {"order_id": 1})
    if row is None:
        raise NotFound(f"There is no return {id}.")
    order = locked({"_id": row["order_id"]})
    current: Row = OrderReturn.raw().find_one({"_id": id})
    return current, order


def refuse_other_ways(row: Row, state: ReturnState) -> None:
    """Raise ReturnTransitionRefused unless the return may go to `state` from where it is."""
    allowed = RETURN_TRANSITIONS[ReturnState(row["state"])]
    if state not in allowed:
        names = sorted(next.value for next in allowed)
        raise ReturnTransitionRefused(
            f"The return is {row['state']}; it can go to: {', '.join(names) or 'nothing'}.",
            current=row["state"],
            allowed=names,
        )


def moved(
    row: Row,
    state: ReturnState,
    identity: Identity,
    *,
    note: str | None = None,
    values: Row | None = None,
) -> Row:
    """Give the return the state, and `values` with it; the row after that.

    Joins the caller's transaction. Raises ReturnTransitionRefused or StaleVersion.
    """
    refuse_other_ways(row, state)
    changed: Row | None = OrderReturn.raw().find_one_and_update(
        {"_id": row["_id"], "state": row["state"]},
        bump(
            {
                "$set": {"state": state.value, **(values or {})},
                "$push": {"history": entry(state, identity, note)},
            }
        ),
        return_document=True,
    )
    if changed is None:
        raise StaleVersion()
    return changed


def entry(state: ReturnState, identity: Identity, note: str | None = None) -> dict[str, Any]:
    """A line of history."""
    line = {"state": state.value, "at": now(), "actor": identity.actor}
    return {**line, "note": note} if note else line
