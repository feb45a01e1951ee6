"""Logging: one line an event on stderr, JSON or text for a terminal, secrets masked."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from wrencos_core.settings import CoreSettings

MASK = "***"
_SECRET_WORDS = ("password", "passwd", "token", "authorization", "secret", "cookie", "apikey")
_SECRET_TEXT = re.compile(
    r"(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|(?P<query>[?&;]\w*(?:password|token|secret|api_?key|ticket|signature)\w*=)[^&\s\"']+"
    r"|(?P<login>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)
_DEEPEST = 6

# Loggers that bring handlers of their own, and those that say too much: werkzeug's lines have the
# raw query, pymongo's debug lines have the documents, and RQ repeats what job.* lines tell.
_ADOPTED = (
    "gunicorn",
    "gunicorn.error",
    "gunicorn.access",
    "rq",
    "rq.worker",
    "werkzeug",
    "pymongo",
)
_QUIET = {
    "werkzeug": logging.WARNING,
    "pymongo": logging.INFO,
    "gunicorn.access": logging.WARNING,
    "rq": logging.WARNING,
    "rq.worker": logging.WARNING,
}


# What the core itself writes into every access line.
_NEVER_SECRET = frozenset(
    (
        *("level", "logger", "timestamp", "request_id", "user_id"),
        *("method", "route", "status", "duration_ms", "bytes"),
    )
)


def configure(settings: CoreSettings, *, force_text: bool = False) -> None:
    """Send the lines of structlog and of the standard library to stderr in one form.

    `force_text` is for commands that a person reads. Calling it again replaces what the last call
    set; handlers that others put on the root logger stay.
    """
    level = logging.getLevelNamesMapping()[settings.log_level]
    ending = _ending(text=force_text or settings.log_format == "text")
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_naming(), *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=StderrLogger,
        # Loggers are module globals: a cached one would keep what an earlier call set.
        cache_logger_on_first_use=False,
    )
    _adopt_standard_library(level, ending)


class StderrLogger:
    """What structlog writes to: the stderr of the moment, a whole line at once."""

    def __init__(self, name: str = "wrencos") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = warn = error = critical = fatal = exception = log = msg


class StderrHandler(logging.StreamHandler[TextIO]):
    """As above for the standard library, whose own handler keeps the first stderr it saw."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """logging.StreamHandler assigns it; here it always follows sys.stderr."""


def _naming() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        _add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending(*, text: bool) -> list[Processor]:
    render: list[Processor]
    if text:
        # structlog's rich tracebacks print local variables, secrets among them.
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        render = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    else:
        render = [_in_order, structlog.processors.JSONRenderer(_json)]
    return [structlog.processors.format_exc_info, mask_secrets, *render]


def _adopt_standard_library(level: int, ending: Iterable[Processor]) -> None:
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                *_naming(),
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    for old in [found for found in root.handlers if isinstance(found, StderrHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _ADOPTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(level, _QUIET.get(name, logging.NOTSET)))
    logging.captureWarnings(capture=True)


def _add_logger_name(logger: WrappedLogger, _: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["logger"] = record.name if record is not None else getattr(logger, "name", "wrencos")
    return event


def _json(event: EventDict, **_: Any) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=str).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which json escapes
        return json.dumps(event, default=str)


def _in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The members that every line has stand first, so that raw lines are readable."""
    first = {key: event.pop(key, "") for key in ("timestamp", "level", "logger", "event")}
    return {**first, **event}


def mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values of keys that look secret, at any depth, and secrets inside texts."""
    return {
        key: value if key in _NEVER_SECRET else _masked(key, value, 0)
        for key, value in event.items()
    }


def _masked(key: Any, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value  # a count of tokens is no token
    if isinstance(key, str) and is_secret_name(key):
        return MASK
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_mask_match, value)
    if isinstance(value, bytes):
        return _SECRET_TEXT.sub(_mask_match, value.decode("utf-8", "replace"))
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(name): _masked(name, item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(None, item, depth + 1) for item in value]
    return _SECRET_TEXT.sub(_mask_match, str(value))


def _mask_match(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part) + MASK


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Whether a value of this name (`access_token`, `apiKey`, `Set-Cookie`) is kept out of logs."""
    plain = name.lower().replace("_", "").replace("-", "")
    return any(word in plain for word in _SECRET_WORDS)
