"""What comes in at /api/auth and /api/users."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_core.auth.models.user import LOCALES
from wrencos_core.http.schemas import Country, Flag, Line, PageQuery, PersonName, Schema
from wrencos_core.identity import Role

_MAX_PASSWORD = 256
_PHONE = r"^\+?[0-9][0-9 ().-]{4,30}$"


class Secret(fields.String):
    """A password or token, taken as it is: blanks at its ends belong to it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Length(1, _MAX_PASSWORD))
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
            raise ma.ValidationError("Half of a surrogate pair is no character.")
        return text


class UserAddressSchema(Schema):
    street = Line(200, required=True)
    city = Line(100, required=True)
    state = Line(100, allow_none=True)
    zip = Line(20, allow_none=True)
    country = Country(required=True)


def _phone(**kwargs: Any) -> Line:
    field = Line(32, **kwargs)
    field.validators.append(validate.Regexp(_PHONE, error="Must be a phone number."))
    return field


def _locale() -> fields.String:
    return fields.String(validate=validate.OneOf(LOCALES))


class AccountRegistrationSchema(Schema):
    """`role` is understood and has no effect: everyone begins as a customer."""

    email = Line(254, required=True)
    password = Secret(required=True)
    first_name = PersonName(80, required=True)
    last_name = PersonName(80, required=True)
    role = fields.Enum(Role, by_value=True)
    username = Line(32)
    phone = _phone()
    locale = _locale()


class LoginSchema(Schema):
    email = Line(254, required=True)
    password = Secret(required=True)


class TokenRefreshSchema(Schema):
    refresh_token = Secret(required=True)


class PasswordResetSchema(Schema):
    email = Line(254, required=True)


class NewPasswordSchema(Schema):
    token = Secret(required=True)
    new_password = Secret(required=True)


class LinkTokenSchema(Schema):
    token = Secret(required=True)


class PasswordChangeSchema(Schema):
    old_password = Secret(required=True)
    new_password = Secret(required=True)


class UserProfileSchema(Schema):
    """Only what is sent is changed; null clears phone or address."""

    first_name = PersonName(80)
    last_name = PersonName(80)
    username = Line(32)
    phone = _phone(allow_none=True)
    address = fields.Nested(UserAddressSchema, allow_none=True)
    locale = _locale()


class AccountErasureSchema(Schema):
    password = Secret(required=True)


class UserQuerySchema(PageQuery):
    role = fields.Enum(Role, by_value=True)
    search = Line(100)


class RoleChangeSchema(Schema):
    """`userId` may repeat the id of the path."""

    new_role = fields.Enum(Role, by_value=True, required=True)
    user_id = Line(40)


class PermissionGrantSchema(Schema):
    permissions = fields.List(Line(100), required=True, validate=validate.Length(max=200))


class UserStatusSchema(Schema):
    disabled = Flag(required=True)
