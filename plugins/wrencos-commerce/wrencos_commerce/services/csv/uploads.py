"""Imports over HTTP: the file is kept in private, checked, applied by a job, and then deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from wrencos_commerce.models.import_run import ImportChange, ImportRun
from wrencos_commerce.services.csv import runs
from wrencos_commerce.services.csv.diff import difference
from wrencos_commerce.services.csv.judging import Listeners
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.planning import Plan
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.runs import RunState
from wrencos_commerce.services.csv.tables import table_of_bytes
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_core.api import (
    Conflict,
    Identity,
    Invalid,
    NotFound,
    Platform,
    bump,
    new_id,
    now,
    transaction,
)

Row = Mapping[str, Any]

CHECK = "commerce.check_import"
IMPORT = "commerce.import_products"
UNDO = "commerce.undo_import"
# A larger file is checked by a worker, so that no request takes long.
AT_ONCE = 256 * 1024
_SHOWN = 50
_KEEP_FILE = timedelta(days=7)
# For how long an import can be undone.
_KEEP_CHANGES = timedelta(days=90)
# What no worker has begun by then lost its job.
_LOST = timedelta(minutes=2)
_SWEPT = 100

log = structlog.get_logger(__name__)


class ImportUploads:
    """Each step but the first is a job that may run twice, or go on after its worker died."""

    def __init__(self, platform: Platform, imports: ProductCsv, undo: ImportUndo) -> None:
        self._files = platform.private_files
        self._jobs = platform.jobs
        self._currency = platform.settings.currency
        self._imports = imports
        self._undo = undo

    def accept(self, content: bytes, options: ImportOptions, identity: Identity) -> Row:
        """Keep a file and check it; the run. A large one is checked in the background.

        Raises Invalid for a file whose header is not right; nothing is kept of it then.
        """
        self._imports.opened(table_of_bytes(content), options)
        name = f"commerce/imports/{new_id('file')}.csv"
        digest = hashlib.sha256(content).hexdigest()
        # The row first: a file that no row names would never be deleted.
        known = {"file": name, "digest": digest, "size": len(content)}
        run_id = runs.begin(identity, RunState.CHECKING, options, **known)
        self._files.save(name, content)
        if len(content) <= AT_ONCE:
            self.check(run_id)
        else:
            self._jobs.enqueue(CHECK, key=run_id, run_id=run_id)
        return runs.get(run_id)

    def check(self, run_id: str) -> None:
        """Job: see what the import would do. Of a run that was checked already it does nothing."""
        row = runs.get(run_id)
        if row["state"] != RunState.CHECKING:
            return
        options = ImportOptions.of_stored(row["options"])
        slugs = self._imports.slugs()
        shown: list[dict[str, Any]] = []

        def planned(plan: Plan) -> None:
            if plan.changed and len(shown) < _SHOWN:
                shown.append(difference(plan, self._currency, slugs))

        try:
            content = self._files.read(row["file"])
            listeners = Listeners(planned=planned)
            report = self._imports.check(table_of_bytes(content), options, listeners)
        except (Invalid, NotFound) as error:
            found: dict[str, Any] = {"state": RunState.BAD.value, "notes": [str(error)]}
        else:
            stopped = report.bad_rows and not options.skip_bad
            counts = ("created", "updated", "unchanged")
            found = {
                "state": RunState.BAD.value if stopped else RunState.READY.value,
                "planned": {name: getattr(report, name) for name in counts},
                "changes": [] if stopped else shown,
                **runs.report_fields(report),
            }
        query = {"_id": run_id, "state": RunState.CHECKING.value}
        ImportRun.raw().update_one(query, bump({"$set": found}))

    def apply(self, run_id: str, identity: Identity) -> Row:
        """Have a worker import a file that was found ready, or go on with an interrupted import.

        Asked again, it changes nothing more. Raises NotFound, or Conflict for a run that is not
        ready.
        """
        row = runs.get(run_id)
        state = runs.state_of(row)
        if state in (RunState.RUNNING, RunState.DONE):
            return row
        begun = state is RunState.INTERRUPTED and row["state"] == RunState.RUNNING
        if not (state is RunState.READY or begun) or not row.get("file"):
            raise Conflict(f"The import {run_id} is {state.value}.", state=state.value)
        wanted = {"wanted": IMPORT, "wanted_at": now(), "wanted_by": identity.actor}
        return self._want(run_id, row["state"], wanted)

    def undo(self, run_id: str, identity: Identity) -> Row:
        """Have a worker undo an import; raises as `apply` does."""
        row = runs.get(run_id)
        state = runs.state_of(row)
        if state in (RunState.UNDOING, RunState.UNDONE):
            return row
        if state not in (RunState.DONE, RunState.INTERRUPTED) or not row["is_undoable"]:
            raise Conflict(f"The import {run_id} is {state.value}.", state=state.value)
        wanted = {"wanted": UNDO, "wanted_at": now(), "wanted_by": identity.actor}
        return self._want(run_id, row["state"], wanted)

    def _want(self, run_id: str, state: str, wanted: Mapping[str, Any]) -> Row:
        def ask() -> Row:
            row: Row | None = ImportRun.raw().find_one_and_update(
                {"_id": run_id, "state": state}, bump({"$set": wanted}), return_document=True
            )
            if row is None:
                raise Conflict(f"The import {run_id} has changed meanwhile.")
            self._jobs.enqueue(wanted["wanted"], key=run_id, run_id=run_id)
            return row

        return transaction(ask)

    def run_import(self, run_id: str) -> None:
        """Job: import the file of a run; then it is deleted."""
        row = runs.get(run_id)
        if row.get("wanted") != IMPORT:
            return
        content = self._content(row)
        if content is None:
            # Whoever works on it has read its file.
            if runs.state_of(row) is not RunState.RUNNING:
                runs.file_lost(run_id)
                self._done_with(row, IMPORT)
            return
        try:
            self._imports.go_on(run_id, table_of_bytes(content), _asker(row))
        except (Conflict, Invalid) as error:
            log.warning("import.stopped", run=run_id, error=str(error))
            self._forget(run_id, IMPORT, error)
            return
        self._done_with(row, IMPORT)

    def run_undo(self, run_id: str) -> None:
        """Job: undo a run."""
        row = runs.get(run_id)
        if row.get("wanted") != UNDO:
            return
        try:
            self._undo.undo(run_id, _asker(row))
        except (Conflict, Invalid) as error:
            log.warning("import_undo.stopped", run=run_id, error=str(error))
            self._forget(run_id, UNDO, error)
            return
        self._done_with(row, UNDO)

    def sweep(self) -> int:
        """Job: queue what lost its job or its worker, and delete files and changes too old to keep.

        How many runs were queued.
        """
        moment = now()
        lost = {"wanted": {"$in": [IMPORT, UNDO]}, "wanted_at": {"$lt": moment - _LOST}}
        unchecked = {"state": RunState.CHECKING.value, "created_at": {"$lt": moment - _LOST}}
        found: list[Row] = list(ImportRun.raw().find({"$or": [lost, unchecked]}).limit(_SWEPT))
        for row in found:
            job = row.get("wanted") or CHECK
            self._jobs.enqueue(job, key=row["_id"], run_id=row["_id"])
        old = {"file": {"$exists": True}, "created_at": {"$lt": moment - _KEEP_FILE}}
        for row in list(ImportRun.raw().find(old, {"file": 1}).limit(_SWEPT)):
            self._delete_file(row)
        _forget_changes(moment - _KEEP_CHANGES)
        return len(found)

    def _content(self, row: Row) -> bytes | None:
        """The file of a run; None when it is not there any more."""
        try:
            return self._files.read(row["file"]) if row.get("file") else None
        except NotFound:
            return None

    def _done_with(self, row: Row, job: str) -> None:
        self._delete_file(row)
        self._forget(row["_id"], job)

    def _delete_file(self, row: Row) -> None:
        if row.get("file"):
            self._files.delete(row["file"])
            ImportRun.raw().update_one({"_id": row["_id"]}, bump({"$unset": {"file": ""}}))

    @staticmethod
    def _forget(run_id: str, job: str, error: Exception | None = None) -> None:
        """The job is not wanted any more: done, or stopped by what a repetition would not change.

        What somebody has asked for meanwhile stays wanted.
        """
        if isinstance(error, Conflict) and runs.state_of(runs.get(run_id)) in (
            RunState.RUNNING,
            RunState.UNDOING,
        ):
            return
        gone = {"wanted": "", "wanted_at": ""}
        query = {"_id": run_id, "wanted": job}
        ImportRun.raw().update_one(query, bump({"$unset": gone}))


def _asker(row: Row) -> Identity:
    """Who asked for it, for histories."""
    by = row["wanted_by"]
    if by == "system":
        return Identity(is_system=True, channel="job")
    return Identity(user_id=by, channel="job")


def _forget_changes(moment: Any) -> None:
    """Before-images of that long ago are not kept: the shop has gone on."""
    query = {"created_at": {"$lt": moment}}
    ids: Sequence[str] = ImportChange.raw().distinct("run_id", query)
    if ids:
        update = bump({"$set": {"is_undoable": False}})
        ImportRun.raw().update_many({"_id": {"$in": list(ids)}}, update)
        ImportChange.raw().delete_many(query)
