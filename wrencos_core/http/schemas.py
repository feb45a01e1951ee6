"""What comes in: the marshmallow base, and the query of every list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

MAX_LIMIT = 100
# Deep pages cost the database their whole offset; nobody turns that many.
MAX_PAGE = 10_000


class Schema(ma.Schema):
    """A request body or query: camelCase outside, snake_case inside, unknown fields refused."""

    class Meta:
        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.data_key = field_obj.data_key or camel_case(field_name)


class Text(fields.String):
    """A trimmed text of `shortest` to `longest` characters that UTF-8 and people can read."""

    def __init__(self, longest: int, shortest: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if any(ord(char) < 32 and char not in "\n\t\r" for char in text):
            raise ma.ValidationError("Control characters are not allowed.")
        if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            raise ma.ValidationError("Half of a surrogate pair is no character.")
        return text


class Whole(fields.Integer):
    """A JSON integer within bounds: neither `1.5` nor `"1"`."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **kwargs)


class Major(fields.Decimal):
    """An amount in major units: a JSON number (or its text), never negative, never NaN."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Range(min=0))
        super().__init__(allow_nan=False, **kwargs)


class PageQuery(Schema):
    """`page` from 1 and `limit` up to 100; subclass it to add the filters of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, MAX_PAGE))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_LIMIT))


@dataclass(frozen=True)
class Paging:
    """Which part of a list is wanted."""

    page: int
    limit: int

    @staticmethod
    def of(args: Mapping[str, Any]) -> Paging:
        """Taken out of a loaded PageQuery."""
        return Paging(args["page"], args["limit"])

    @property
    def skip(self) -> int:
        return (self.page - 1) * self.limit

    def total_pages(self, total: int) -> int:
        """How many pages `total` items fill."""
        return -(-total // self.limit)


def camel_case(name: str) -> str:
    """`first_name` as `firstName`."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)
