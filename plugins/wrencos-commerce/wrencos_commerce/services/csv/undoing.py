"""Takes an import back, as far as nobody has changed since what it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.models.import_run import ImportChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.fingerprint import fingerprint
from wrencos_commerce.services.csv.restoring import Restorer, undone_stock
from wrencos_commerce.services.csv.runs import RunState
from wrencos_commerce.services.csv.usage import used_since
from wrencos_core.api import Conflict, Identity, Platform, audit, bump, now, transaction
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]

_BATCH = 100
_LISTED = 200


@dataclass
class _Outcome:
    """What became of a batch of changes; `kept` says what stays, and why."""

    restored: int = 0
    deleted: int = 0
    withdrawn: int = 0
    kept: list[dict[str, str]] = field(default_factory=list)


class ImportUndo:
    """Undoes imports, each batch of 100 products in a transaction."""

    def __init__(self, platform: Platform, restorer: Restorer) -> None:
        self._outbox = platform.outbox
        self._restorer = restorer

    def undo(
        self,
        run_id: str,
        identity: Identity,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> dict[str, Any]:
        """Give the products of a finished or interrupted run back what they had before.

        A field that was changed again since is kept. Created products are deleted, or withdrawn
        when anybody edited, ordered, reviewed or kept them; stock is put back by the difference.
        Returns the counts `restored`, `deleted`, `withdrawn` and `kept`, and the first 200
        `kept_fields`, a withdrawn product among them. Undone twice, or begun again after a crash,
        it does each thing once. Raises NotFound, or Conflict for a run that somebody works on or
        that wrote nothing.
        """
        row = runs.get(run_id)
        if runs.state_of(row) is not RunState.UNDONE:
            if not row["is_undoable"]:
                raise Conflict("What this import changed is not remembered any more.")
            row, token = runs.claim(run_id, [RunState.DONE], RunState.UNDOING)
            self._undo_all(row, token, identity, progress)
        return undone(runs.get(run_id))

    def _undo_all(
        self,
        run: Row,
        token: str,
        identity: Identity,
        progress: Callable[[int, int | None], None],
    ) -> None:
        run_id = str(run["_id"])
        query = {"run_id": run_id, "is_undone": False}
        total, done = ImportChange.raw().count_documents(query), 0
        try:
            while count := transaction(lambda: self._undo_batch(run, token, identity)):
                done += count
                progress(done, total)
        except Exception as error:
            runs.give_up(run_id, token, f"Undoing was interrupted: {error}")
            raise
        transaction(lambda: _finish(run_id, token, identity))

    def _undo_batch(self, run: Row, token: str, identity: Identity) -> int:
        """Undo the newest changes that are left; how many they were."""
        run_id = run["_id"]
        found = ImportChange.raw().find({"run_id": run_id, "is_undone": False})
        changes = list(found.sort("_id", -1).limit(_BATCH))
        if not changes:
            return 0
        ids = [change["product_id"] for change in changes]
        used = used_since(ids, run["created_at"])
        outcome = _Outcome()
        for change in changes:
            self._undo_one(change, used, outcome, identity)
        done = {"_id": {"$in": [change["_id"] for change in changes]}}
        ImportChange.raw().update_many(done, bump({"$set": {"is_undone": True}}))
        event_id = f"{changes[0]['_id']}:undone:changed"
        event = ProductsChanged(
            id=event_id, occurred_at=now(), product_ids=tuple(dict.fromkeys(ids))
        )
        self._outbox.publish(event)
        _note(run_id, token, outcome)
        return len(changes)

    def _undo_one(self, change: Row, used: set[str], outcome: _Outcome, identity: Identity) -> None:
        product: Row | None = Product.raw().find_one({"_id": change["product_id"]})
        if product is None:
            return
        if not change["is_new"]:
            kept = self._restorer.restore(product, change, used, identity)
            outcome.restored += 1
            outcome.kept += [{"product_id": product["_id"], **one} for one in kept]
        elif product["_id"] in used:
            _withdraw(product, "in use", outcome)
        elif change.get("made") != fingerprint(product):
            _withdraw(product, "changed since", outcome)
        else:
            # It has no pictures but those that the file linked, which nobody stores.
            Product.raw().delete_one({"_id": product["_id"]})
            undone_stock(product, [], change["run_id"], identity)
            outcome.deleted += 1


def _withdraw(product: Row, why: str, outcome: _Outcome) -> None:
    """Deleted, it would take the work or the wishes of others along."""
    update = bump({"$set": {"is_active": False, "publish_at": None}})
    Product.raw().update_one({"_id": product["_id"]}, update)
    outcome.withdrawn += 1
    reason = f"{why}, so it was only withdrawn"
    outcome.kept.append({"product_id": product["_id"], "what": product["name"], "reason": reason})


def undone(run: Row) -> dict[str, Any]:
    """What undoing a run has done so far."""
    counts = {
        name: run["undone"].get(name, 0) for name in ("restored", "deleted", "withdrawn", "kept")
    }
    return {**counts, "kept_fields": run["undone"].get("kept_fields", [])}


def _note(run_id: str, token: str, outcome: _Outcome) -> None:
    counts = {
        "undone.restored": outcome.restored,
        "undone.deleted": outcome.deleted,
        "undone.withdrawn": outcome.withdrawn,
        "undone.kept": len(outcome.kept),
    }
    kept: Sequence[Row] = outcome.kept[:_LISTED]
    runs.hold(
        run_id,
        token,
        inc=counts,
        push={"undone.kept_fields": {"$each": list(kept), "$slice": _LISTED}},
    )


def _finish(run_id: str, token: str, identity: Identity) -> None:
    counts = undone(runs.get(run_id))
    del counts["kept_fields"]
    audit.record(identity, "commerce.products.undo_import", run_id, counts)
    runs.end(run_id, token, RunState.UNDONE)
