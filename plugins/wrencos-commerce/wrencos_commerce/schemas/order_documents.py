"""What is asked of documents."""

from __future__ import annotations

from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Line


class DocumentQuery(LocaleQuery):
    """`locale` is `vi` or `en`; without it, the language that was ordered in."""


class PackingSlipQuery(LocaleQuery):
    """Without `shipmentId`, all that was ordered."""

    shipment_id = Line(40)
