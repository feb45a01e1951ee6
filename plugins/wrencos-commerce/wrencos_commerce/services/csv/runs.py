"""The runs of imports: begun, held by one worker at a time, ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from wrencos_commerce.models.import_run import ImportRun
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.parsed import Problem
from wrencos_commerce.services.csv.report import ImportReport
from wrencos_core.api import Conflict, Identity, NotFound, bump, new_id, new_row, now

Row = Mapping[str, Any]

# A worker renews it with every batch, which takes some seconds at most.
LEASE = timedelta(seconds=60)
# Most bad cells that a run describes.
SHOWN = 200


class RunState(StrEnum):
    """CHECKING and READY come before anything is written; INTERRUPTED is told, never stored."""

    CHECKING = "checking"
    READY = "ready"
    BAD = "bad"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


_WORKING = (RunState.RUNNING, RunState.UNDOING)


def begin(
    identity: Identity,
    state: RunState,
    options: ImportOptions,
    **fields: Any,
) -> str:
    """A new run; its id."""
    row = new_row(
        new_id(ImportRun.id_prefix),
        state=state.value,
        by=identity.actor,
        options=options.stored(),
        **{**_NOTHING, **fields},
    )
    ImportRun.raw().insert_one(row)
    return str(row["_id"])


_NOTHING: Row = {
    **dict.fromkeys(("rows", "created", "updated", "unchanged", "bad_rows", "batches"), 0),
    **{name: [] for name in ("errors", "notes", "changes")},
    "done_rows": 1,
    "undone": {},
    "is_undoable": True,
}


def get(run_id: str) -> Row:
    """The run as it is stored; raises NotFound."""
    row: Row | None = ImportRun.raw().find_one({"_id": run_id})
    if row is None:
        raise NotFound(f"There is no import {run_id}.")
    return row


def page(skip: int, limit: int) -> tuple[list[Row], int]:
    """Runs, the newest first, without their reports, and how many there are."""
    hidden = {"errors": 0, "changes": 0, "options": 0}
    found = ImportRun.raw().find({}, hidden).sort([("created_at", -1), ("_id", -1)])
    rows = list(found.skip(skip).limit(limit))
    return rows, ImportRun.raw().count_documents({})


def state_of(row: Row) -> RunState:
    """The state, by now: nobody works on a run whose lease is over."""
    state = RunState(row["state"])
    if state in _WORKING and row.get("lease_until") and row["lease_until"] <= now():
        return RunState.INTERRUPTED
    return state


def claim(run_id: str, wanted: Sequence[RunState], into: RunState) -> tuple[Row, str]:
    """Take the run in one of these states (or interrupted in `into`): it, and the token to hold.

    Raises NotFound, or Conflict when it is in another state or somebody else works on it.
    """
    token = new_id("lease")
    free: list[Row] = [
        {"state": {"$in": [state.value for state in wanted]}},
        {"state": into.value, "lease_until": {"$lte": now()}},
    ]
    if into is RunState.UNDOING:
        free.append({"state": RunState.RUNNING.value, "lease_until": {"$lte": now()}})
    held = {"state": into.value, "token": token, "lease_until": now() + LEASE}
    row: Row | None = ImportRun.raw().find_one_and_update(
        {"_id": run_id, "$or": free}, bump({"$set": held}), return_document=True
    )
    if row is None:
        state = state_of(get(run_id))
        raise Conflict(f"The import {run_id} is {state.value}.", state=state.value)
    return row, token


def hold(run_id: str, token: str, **changes: Any) -> None:
    """Renew the lease in the running transaction; `changes` has operators of an update.

    Raises Conflict when somebody else has taken the run over.
    """
    update = {f"${name}": fields for name, fields in changes.items()}
    update["$set"] = {**update.get("$set", {}), "lease_until": now() + LEASE}
    found = ImportRun.raw().update_one({"_id": run_id, "token": token}, bump(update))
    if not found.matched_count:
        raise Conflict(f"Somebody else works on the import {run_id}.")


def end(run_id: str, token: str, state: RunState, **fields: Any) -> None:
    """Give the run up in its last state, or before its time: then its lease is over."""
    gone = {"token": "", "lease_until": ""}
    update = {"$set": {"state": state.value, **fields}, "$unset": gone}
    ImportRun.raw().update_one({"_id": run_id, "token": token}, bump(update))


def give_up(run_id: str, token: str, words: str) -> None:
    """Let the run be continued or undone at once; `words` say why it stopped."""
    note = {"$each": [words[:500]], "$slice": -20}
    update = {"$set": {"lease_until": now()}, "$push": {"notes": note}}
    ImportRun.raw().update_one({"_id": run_id, "token": token}, bump(update))


def file_lost(run_id: str) -> None:
    """Its file is gone: it can't be begun any more; an interrupted one can be undone."""
    words = "The file is not kept any more; upload it again."
    note = {"$push": {"notes": {"$each": [words], "$slice": -20}}}
    ready = {"_id": run_id, "state": RunState.READY.value}
    bad = bump({"$set": {"state": RunState.BAD.value}, **note})
    if not ImportRun.raw().update_one(ready, bad).matched_count:
        interrupted = {"state": RunState.RUNNING.value, "lease_until": {"$lte": now()}}
        ImportRun.raw().update_one({"_id": run_id, **interrupted}, bump(note))


def stored_problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Bad cells as a run keeps them."""
    return [{"row": one.row, "column": one.column, "words": one.words[:300]} for one in problems]


def report_fields(report: ImportReport) -> dict[str, Any]:
    """The report as a run keeps it before anything is written: what would be done."""
    return {
        "rows": report.rows,
        "bad_rows": report.bad_rows,
        "errors": stored_problems(report.errors)[:SHOWN],
        "notes": list(report.notes),
    }
