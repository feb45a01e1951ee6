"""Errors that a caller may see: an RFC 9457 problem over HTTP, a line in the CLI."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A request that can't be carried out, and changed nothing.

    Subclasses set `status` (the HTTP status), `slug` (the problem's stable type) and `title`.
    `detail` is for the person who asked; `extra` holds members that a client can act on.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "Bad request"

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra


class NotAuthenticated(DomainError):
    status, slug, title = 401, "not-authenticated", "Log in first"


class PermissionDenied(DomainError):
    status, slug, title = 403, "permission-denied", "You may not do this"


class NotFound(DomainError):
    status, slug, title = 404, "not-found", "There is no such thing"


class Conflict(DomainError):
    status, slug, title = 409, "conflict", "The request conflicts with the present state"


class StaleVersion(Conflict):
    slug, title = "stale-version", "It was changed by someone else in the meantime"


class PreconditionFailed(DomainError):
    status, slug, title = 412, "precondition-failed", "It was changed since you read it"


class Invalid(DomainError):
    """A payload that fails validation; `errors` maps a field to its messages."""

    status, slug, title = 422, "validation-error", "The request is not valid"


class TooManyRequests(DomainError):
    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after: int, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class FeatureUnavailable(DomainError):
    """The plugin that owns this is not installed or not enabled."""

    status, slug, title = 501, "feature-unavailable", "This feature is not installed"


class TryAgain(DomainError):
    """Something that this needs is away for the moment; the same request may do soon."""

    status, slug, title = 503, "try-again", "That does not work just now; try again in a moment"


class StartupError(Exception):
    """The platform can't start; the message tells an admin what to change."""


class PluginError(StartupError):
    """A plugin breaks a rule of the house; the message names the plugin and the rule."""
