"""Links in mail as they come back."""

from __future__ import annotations

import marshmallow as ma

from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Line


class LinkQuery(LocaleQuery):
    """Fields that mail services add to links, to count clicks, are passed over."""

    class Meta:
        unknown = ma.EXCLUDE

    token = Line(200, required=True)
