"""What all tests of the core, the CLI and the whole share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from wrencos_core import logs


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Whatever a test does to logging ends with it."""
    loggers = [logging.getLogger(name) for name in ("", *logs._ADOPTED)]
    before = [(it, list(it.handlers), it.level, it.propagate) for it in loggers]
    yield
    changed = structlog.is_configured()
    for logger, handlers, level, propagate in before:
        if logger.handlers != handlers:
            logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
    if changed:
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
