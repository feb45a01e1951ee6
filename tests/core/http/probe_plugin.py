"""A plugin whose routes, checks and figures the tests of the HTTP layer look at."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from flask import Request
from marshmallow import fields

from wrencos_core.errors import NotAuthenticated
from wrencos_core.health import HealthCheck, Metric
from wrencos_core.hookspecs import hookimpl
from wrencos_core.http.access import LOGGED_IN, PUBLIC, current_identity
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.schemas import PageQuery, Schema
from wrencos_core.identity import Identity, Role
from wrencos_core.plugins import PluginInfo

PLUGIN = PluginInfo(
    name="probe", title="Probe", description="Made for tests.", version="1.0", core=">=0.1"
)

log = structlog.get_logger("probe")
blp = Blueprint("probe", __name__, url_prefix="/probe", description="Made for tests.")

# What the check and the figures say next; tests change it and put it back.
state: dict[str, Any] = {"problem": None, "check": None, "figures": []}


class Note(msgspec.Struct, rename="camel", kw_only=True):
    text: str


class NewNoteSchema(Schema):
    text = fields.String(required=True)


@blp.get("/open", access=PUBLIC)
@blp.response(200, Note)
def read_open() -> Note:
    """Read a note."""
    log.info("probe.read", password="hunter2-hunter2", count=1)
    return Note(text="open")


@blp.get("/tagged", access=PUBLIC, etag=True)
@blp.response(200, Note)
def read_tagged() -> Note:
    """Read a note with a tag."""
    return Note(text="tagged")


@blp.get("/mine", access=LOGGED_IN)
@blp.response(200, Note)
def read_mine() -> Note:
    """Read one's own note."""
    return Note(text=current_identity().user_id or "")


@blp.post("/notes", access=PUBLIC)
@blp.arguments(NewNoteSchema)
@blp.response(201, Note)
def write(body: dict[str, Any]) -> Note:
    """Write a note."""
    return Note(text=body["text"])


class NotesQuery(PageQuery):
    text = fields.String()


@blp.get("/notes", access=PUBLIC)
@blp.arguments(NotesQuery, location="query")
@blp.response(200, Note)
def find_notes(args: dict[str, Any]) -> Note:
    """Say what was asked for."""
    return Note(text=args.get("text", "everything"))


@blp.get("/tagged-mine", access=LOGGED_IN, etag=True)
@blp.response(200, Note)
def read_tagged_mine() -> Note:
    """Read one's own note with a tag."""
    return Note(text=current_identity().user_id or "")


@blp.post("/keepsakes", access=LOGGED_IN, idempotent=True)
@blp.arguments(NewNoteSchema)
@blp.response(201, Note)
def keep(body: dict[str, Any]) -> Note:
    """Write a note once."""
    return Note(text=body["text"])


@blp.get("/links/<token>", access=PUBLIC)
@blp.response(200, Note)
def follow(token: str) -> Note:
    """Follow a secret link."""
    return Note(text="followed")


@blp.get("/broken", access=PUBLIC)
@blp.response(200, Note)
def broken() -> Note:
    """Fail."""
    raise RuntimeError("this view is broken")


def _limited(path: str, limit: str, *, alone: bool = False) -> None:
    @blp.get(path, access=PUBLIC, limit=limit, limit_alone=alone, endpoint=path.strip("/"))
    @blp.response(200, Note)
    def limited() -> Note:
        """Read with a limit."""
        return Note(text="limited")


# Two views of one qualified name.
_limited("/scarce", "2 per hour")
_limited("/ample", "50 per hour")
_limited("/burst", "8 per hour", alone=True)


@hookimpl
def authenticate(request: Request) -> Identity | None:
    """`Authorization: Probe <user id>`; the id `bad` is refused, `crash` is a bug."""
    scheme, _, user = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Probe":
        return None
    if user == "bad":
        raise NotAuthenticated("No such user.")
    if user == "crash":
        raise RuntimeError("the user store is broken")
    return Identity(user_id=user, role=Role.CUSTOMER)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    return [blp]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    return [HealthCheck("probe", _check)]


def _check() -> str | None:
    if state["check"] is not None:
        state["check"]()
    problem: str | None = state["problem"]
    return problem


@hookimpl
def collect_metrics() -> Sequence[Metric]:
    if state["figures"] is None:
        raise RuntimeError("no figures")
    return list(state["figures"])
