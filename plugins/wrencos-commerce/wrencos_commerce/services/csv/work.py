"""The background work of imports, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wrencos_commerce.services.csv.uploads import CHECK, IMPORT, UNDO, ImportUploads
from wrencos_core.api import Job, Platform, Schedule

_SWEEP = "commerce.sweep_imports"
_LONG = timedelta(hours=1)


def import_jobs(platform: Platform) -> Sequence[Job]:
    """The jobs, bound to the platform's services."""
    find = platform.services.require
    return [
        Job(
            CHECK,
            lambda run_id: find(ImportUploads).check(run_id),
            "Finds out what importing an uploaded file would change.",
            timeout=_LONG,
        ),
        Job(
            IMPORT,
            lambda run_id: find(ImportUploads).run_import(run_id),
            "Imports an uploaded file of products.",
            timeout=_LONG,
        ),
        Job(
            UNDO,
            lambda run_id: find(ImportUploads).run_undo(run_id),
            "Undoes an import of products.",
            timeout=_LONG,
        ),
        Job(
            _SWEEP,
            lambda: _sweep(find(ImportUploads)),
            "Goes on with imports that lost their worker, and deletes files no longer needed.",
        ),
    ]


def import_schedules() -> Sequence[Schedule]:
    """When they are due without being asked for."""
    return [Schedule("commerce.sweep_imports", _SWEEP, every=timedelta(minutes=10))]


def _sweep(uploads: ImportUploads) -> None:
    uploads.sweep()
