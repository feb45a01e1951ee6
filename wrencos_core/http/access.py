"""Who may call a route: every route says it, and nothing is open by omission."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import current_app, g, request

from wrencos_core.errors import NotAuthenticated
from wrencos_core.identity import ANONYMOUS, Identity
from wrencos_core.platform import Platform
from wrencos_core.services import T

PUBLIC = "public"
LOGGED_IN = "logged-in"

View = Callable[..., Any]


def current_platform() -> Platform:
    """The platform of the app that serves this request."""
    platform: Platform = current_app.extensions["wrencos"]
    return platform


def service(interface: type[T]) -> T:
    """The provider of `interface`; raises FeatureUnavailable (501) when its plugin is absent."""
    return current_platform().services.require(interface)


def current_identity() -> Identity:
    """Who sends this request, asked of the plugins once a request.

    Raises NotAuthenticated for credentials that are there but not valid, also on public routes:
    a client must learn that its token has expired.
    """
    if "identity" not in g:
        found = current_platform().hook.authenticate(request=request)
        g.identity = found or ANONYMOUS
        if g.identity.user_id:
            structlog.contextvars.bind_contextvars(user_id=g.identity.user_id)
    identity: Identity = g.identity
    return identity


def guarded(view: View, access: str) -> View:
    """`view`, refused with 401 or 403 to whoever `access` does not admit."""

    @wraps(view)
    def guard(*args: Any, **kwargs: Any) -> Any:
        authorize(access)
        return view(*args, **kwargs)

    return guard


def authorize(access: str) -> None:
    """Raise NotAuthenticated or PermissionDenied unless the caller has this access."""
    identity = current_identity()
    if access == PUBLIC:
        return
    if not identity.is_authenticated:
        raise NotAuthenticated("This needs a valid access token.")
    if access != LOGGED_IN:
        current_platform().require(identity, access)
