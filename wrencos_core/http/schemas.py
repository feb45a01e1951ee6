"""What comes in: the marshmallow base, and the query of every list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate
from webargs.multidictproxy import MultiDictProxy

from wrencos_core.clock import to_milliseconds
from wrencos_core.text import is_one_line

MAX_LIMIT = 100
# Deep pages cost the database their whole offset; nobody turns that many.
MAX_PAGE = 10_000
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)


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


class Line(Text):
    """A Text of one line, as names, SKUs and cities are: nothing in it ends or turns a line."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_one_line(text):
            raise ma.ValidationError("Must be one line, without control characters.")
        return text


class PersonName(Line):
    """A person's name. It opens our mails, where a stranger's web address would become a link."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _LINK.search(text):
            raise ma.ValidationError("A name holds no web address.")
        return text


class Country(fields.String):
    """Two capital letters, as the codes of ISO 3166-1 alpha-2 are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{_COUNTRY.pattern}$"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        code: str = super()._deserialize(value, attr, data, **kwargs)
        if not _COUNTRY.fullmatch(code):
            raise ma.ValidationError("Must be an ISO 3166-1 alpha-2 code.")
        return code


class Flag(fields.Boolean):
    """JSON's true or false, in a query the words `true` and `false`; never "yes" or 1."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(data, MultiDictProxy):
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Moment(fields.AwareDateTime):
    """A date and time by ISO 8601, in UTC and whole milliseconds; without a zone it means UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return to_milliseconds(super()._deserialize(value, attr, data, **kwargs))
        except OverflowError as error:  # in UTC it is before the year 1 or after 9999
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


class Whole(fields.Integer):
    """A JSON integer within bounds: neither `1.5` nor `"1"`."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **kwargs)


class Major(fields.Decimal):
    """An amount in major units: a JSON number or text such as `29.99`, not negative, no NaN."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Range(min=0))
        super().__init__(allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        # Decimal itself reads `1_000`, `1e3` and the digits of every script.
        if isinstance(value, bool) or (isinstance(value, str) and not _AMOUNT.fullmatch(value)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


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
