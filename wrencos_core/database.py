"""The connection, and `transaction()`: the one way to change several documents at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import mongoengine
import structlog
from mongoengine.connection import get_db
from mongoengine.errors import OperationError
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import InvalidOperation, PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from wrencos_core.errors import StartupError, TryAgain

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_CONCERNS = {"w", "wtimeoutms", "journal", "readconcernlevel"}

Mongo = Database[dict[str, Any]]


class _Unit:
    """What one attempt of a transaction leaves to do once it has been committed."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.mark = object()
        self.after_commit: list[Callable[[], None]] = []


class _Turn:
    """Who met a write conflict runs again in turn: all at once, most would only conflict again.

    A turn is over with the commit. One that takes longer than a second does not keep the others of
    this process from theirs any more, and ends with its next conflict.
    """

    _lock = threading.Lock()
    _longest = 1.0

    def __init__(self) -> None:
        self._is_mine = False
        self._since = 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn, or after a second."""
        if not self._is_mine:
            self._is_mine = self._lock.acquire(timeout=self._longest)
            self._since = time.monotonic()

    def conflicted(self) -> None:
        if time.monotonic() - self._since > self._longest:
            self.end()

    def end(self) -> None:
        if self._is_mine:
            self._is_mine = False
            self._lock.release()


_current: ContextVar[_Unit | None] = ContextVar("transaction", default=None)


def connect(uri: str, name: str) -> None:
    """Point mongoengine's default connection at the database `name`; opens no socket yet.

    Call it after a fork, never before: a client does not survive one.
    """
    mongoengine.disconnect(alias="default")
    mongoengine.connect(
        name,
        host=_without_concerns(uri),
        alias="default",
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=5000,
        retryWrites=True,
        appname="wrencos",
    )


def _without_concerns(uri: str) -> str:
    """The URI without write and read concerns, such as the `w=majority` of many providers.

    The driver would send them with every statement of a bound session, and a server refuses them
    inside a transaction. A replica set's own default is majority, and transactions ask for it.
    """
    address, question, query = uri.partition("?")
    parts = [part for part in query.split("&") if part.split("=")[0].lower() not in _CONCERNS]
    return f"{address}{question if any(parts) else ''}{'&'.join(parts)}"


def disconnect() -> None:
    """Close the default connection."""
    mongoengine.disconnect(alias="default")


def database() -> Mongo:
    """The connected database."""
    db: Mongo = get_db()
    return db


def client() -> MongoClient[dict[str, Any]]:
    """The connected client."""
    return database().client


def require_replica_set() -> None:
    """Raise StartupError when the server can't be reached or has no transactions."""
    try:
        hello = client().admin.command("hello")
    except PyMongoError as error:
        raise StartupError(
            f"MongoDB does not answer: {error}. Check WRENCOS_MONGODB_URI, "
            "or leave it empty to use the embedded server."
        ) from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StartupError(
            "This MongoDB server is no replica set, so it has no transactions. Start mongod with "
            "`--replSet rs0` and run `rs.initiate()` once in mongosh; one member is enough."
        )


def in_transaction() -> bool:
    """Whether the caller runs inside `transaction()`."""
    return _current.get() is not None


def running_attempt() -> object | None:
    """A mark of the running attempt of a transaction, another one when it runs again, or None."""
    unit = _current.get()
    return unit.mark if unit else None


def transaction(work: Callable[[], T]) -> T:
    """Run `work` in a transaction and return what it returns; all its writes happen, or none.

    A nested call joins the running transaction. When the server reports a write conflict the
    whole of `work` runs again, so it must change nothing but the database: no network, no files,
    no variables of the caller; use `after_commit` for what follows. Documents that it saves are
    read or made inside it, or `Document.save` raises RuntimeError: after an abort they would keep
    what the first run made of them. Any exception that leaves `work` aborts. Raises
    TryAgain when no server answers.

    A thread or greenlet that `work` starts is not in the transaction.
    """
    if _current.get() is not None:
        return work()
    done: list[Callable[[], None]] = []
    turn, is_again = _Turn(), False

    def attempt(session: ClientSession) -> T:
        nonlocal is_again
        if is_again:
            turn.wait()
        is_again = True
        unit = _Unit(session)
        token = _current.set(unit)
        try:
            return work()
        except BaseException as error:
            turn.conflicted()
            if isinstance(error, ServerSelectionTimeoutError | InvalidOperation):
                # It has been waited for already; the driver would do so again for two minutes.
                raise TryAgain("The database does not answer.") from error
            if isinstance(error, OperationError) and (transient := _transient(error)) is not None:
                raise transient from error
            raise
        finally:
            _current.reset(token)
            done[:] = unit.after_commit

    try:
        with client().start_session() as session, session.bind():
            result = session.with_transaction(
                attempt,
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority"),
            )
    finally:
        turn.end()
    for callback in done:
        _run_after_commit(callback)
    return result


def _run_after_commit(callback: Callable[[], None]) -> None:
    """The change stands, whatever comes after it: a failure here must not look like its own."""
    try:
        callback()
    except Exception:
        log.exception("after_commit.failed")


def transactional(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function so that each call of it is one `transaction()`."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return transaction(lambda: function(*args, **kwargs))

    return wrapper


def after_commit(callback: Callable[[], None]) -> None:
    """Call `callback` once the running transaction has been committed; now, when there is none.

    It is lost when the process dies in between: what must not be lost is an event.
    """
    unit = _current.get()
    if unit is None:
        callback()
    else:
        unit.after_commit.append(callback)


def _transient(error: Exception) -> PyMongoError | None:
    """The driver's error inside mongoengine's, when it says "transient, try again"."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, PyMongoError):
        inner = inner.__context__
    if inner is not None and inner.has_error_label("TransientTransactionError"):
        return inner
    return None
