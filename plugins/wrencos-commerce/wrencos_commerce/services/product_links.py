"""Where the shop's web pages are, for mail and for printed codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform

Row = Mapping[str, Any]


class ProductLinks:
    """Makes addresses of pages by the setting `product_url`."""

    def __init__(self, platform: Platform) -> None:
        self._base_url = platform.settings.base_url
        self._template = platform.settings_for(CommerceSettings).product_url

    def url(self, product: Row, variant_id: str | None = None) -> str:
        """The page of a product, at one of its variants when it is named.

        A product without a slug is linked by its id.
        """
        slug = quote(product.get("slug") or product["_id"], safe="")
        url = self._template.format(base_url=self._base_url, slug=slug, id=product["_id"])
        if variant_id is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}variant={quote(variant_id, safe='')}"
