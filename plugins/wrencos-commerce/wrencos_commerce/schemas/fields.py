"""Fields that several schemas share."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from wrencos_commerce.models.product import fold_tag
from wrencos_core.web import LANGUAGES, Line

MOST_IN_STOCK = 2**31 - 1
MOST_GRAMS = 10**6
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")


class Tags(fields.List[str]):
    """Up to 30 short words, kept as `large-pores`; one that comes twice counts once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Line(60), validate=validate.Length(max=30), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        texts = super()._deserialize(value, attr, data, **kwargs)
        return list(dict.fromkeys(tag for text in texts if (tag := fold_tag(text or ""))))


class Locale(fields.String):
    """A language that texts are in: `vi` or `en`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(LANGUAGES), **kwargs)


class ImageUrl(Line):
    """A web address, or a path on this server such as `/media/…`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(500, **kwargs)
        self.validators.append(
            validate.Regexp(r"^(https?://|/)\S+$", error="Must be a web address or a path.")
        )


class Slug(Line):
    """The end of a web address: lower case letters, digits and single hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(100, **kwargs)
        self.validators.append(
            validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", error="Must look like `kem-chong-nang`.")
        )


class Percent(fields.Decimal):
    """A per cent from 0 to 100 with up to 4 decimals, as a number or a text such as `8.25`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        # Decimal itself reads `1_0`, `1e1` and the digits of every script.
        if isinstance(value, bool) or not _PERCENT.fullmatch(str(value)):
            raise ValidationError("Must be 0 to 100, with up to 4 decimals.")
        percent = super()._deserialize(str(value), attr, data, **kwargs)
        if percent > 100:
            raise ValidationError("Must be 0 to 100, with up to 4 decimals.")
        return percent
