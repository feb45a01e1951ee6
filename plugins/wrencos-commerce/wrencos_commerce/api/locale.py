"""Which language the caller reads."""

from __future__ import annotations

from flask import g, request

from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.web import (
    LANGUAGES,
    accepted_language,
    answer_in,
    current_identity,
    current_platform,
)


def wanted_locale() -> str:
    """`vi` or `en`: the query's `locale`, else the user's own, the browser's, or the shop's.

    The answer says which one it is, and caches keep the languages apart.
    """
    if "wanted_locale" not in g:
        g.wanted_locale = _wanted()
        answer_in(g.wanted_locale)
    locale: str = g.wanted_locale
    return locale


def _wanted() -> str:
    asked = request.args.get("locale")
    if asked in LANGUAGES:
        return str(asked)
    shop = current_platform().settings.locale
    return _own() or accepted_language(shop) or shop


def _own() -> str | None:
    """The language that a logged-in user chose."""
    user_id = current_identity().user_id
    if user_id is None:
        return None
    user = current_platform().services.require(UserDirectory).find(user_id)
    return user.locale if user is not None and user.locale in LANGUAGES else None
