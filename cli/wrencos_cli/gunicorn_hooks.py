"""gunicorn's configuration: log lines in the platform's form, and the shared metrics folder."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.glogging import Logger

from wrencos_cli.web import METRICS_DIR, remove_metrics_dir


class PlatformLogger(Logger):  # type: ignore[misc]
    """The master's lines look like those of the workers, which configure logging themselves."""

    def setup(self, cfg: Any) -> None:
        from wrencos_cli.session import core_settings
        from wrencos_core import logs

        super().setup(cfg)
        logs.configure(core_settings())


logger_class = PlatformLogger


def child_exit(_: Any, worker: Any) -> None:
    """Take a dead worker's live figures out of the shared metrics."""
    if METRICS_DIR in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_: Any) -> None:
    """Remove the folder of the shared metrics with the server."""
    remove_metrics_dir(os.environ)
