"""Turns a template's name, a locale and values into a subject, a text and an HTML body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date, format_datetime
from jinja2 import (
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    Undefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context

from wrencos_core.mail.addresses import one_line_subject
from wrencos_core.money import Money, format_money

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

LOCALES = ("vi", "en")
_SUBJECT = "subject.txt"


class Rendered(msgspec.Struct, frozen=True):
    """A message's content, and the locale that it is really in."""

    locale: str
    subject: str
    text: str
    html: str


class MailTemplates:
    """The templates of the enabled plugins: `<package>/templates/mail/<plugin>/<name>.<locale>.…`.

    A plugin's folder serves names that begin with its own name only, so none shadows another's.
    Every template sees `locale`, `shop_name` and `base_url`; a value that is missing is an error.
    """

    def __init__(self, platform: Platform) -> None:
        self._settings = platform.settings
        self._environment = Environment(
            loader=PrefixLoader(_folders(platform)),
            autoescape=select_autoescape(enabled_extensions=("html",), default=False),
            undefined=StrictUndefined,
            auto_reload=platform.settings.environment == "development",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        timezone = ZoneInfo(platform.settings.timezone)
        self._environment.filters |= {
            "money": _money,
            "date": _date_filter(timezone),
            "datetime": _datetime_filter(timezone),
        }

    def render(self, template: str, locale: str | None, values: Mapping[str, Any]) -> Rendered:
        """The content of `template` (`auth/verify_email`) in `locale`, else in the shop's.

        Raises jinja2.TemplateNotFound or another TemplateError, and Invalid for a subject that is
        not one line.
        """
        locale = self._locale(template, locale)
        context = {
            **values,
            "locale": locale,
            "shop_name": self._settings.shop_name,
            "base_url": self._settings.base_url,
        }

        def part(extension: str) -> str:
            name = f"{template}.{locale}.{extension}"
            return self._environment.get_template(name).render(context)

        return Rendered(locale, one_line_subject(part(_SUBJECT)), part("txt"), part("html"))

    def _locale(self, template: str, wanted: str | None) -> str:
        language = (wanted or "").replace("_", "-").split("-")[0].lower()
        for locale in dict.fromkeys((language, self._settings.locale, *LOCALES)):
            if locale in LOCALES and self._exists(f"{template}.{locale}.{_SUBJECT}"):
                return locale
        raise TemplateNotFound(f"{template}.{self._settings.locale}.{_SUBJECT}")

    def _exists(self, name: str) -> bool:
        try:
            self._environment.get_template(name)
        except TemplateNotFound:
            return False
        return True


def _folders(platform: Platform) -> dict[str, FileSystemLoader]:
    return {
        status.name: FileSystemLoader(
            Path(status.module.__file__).parent / "templates" / "mail" / status.name
        )
        for status in platform.plugins.enabled()
        if status.module is not None and status.module.__file__ is not None
    }


def _require_defined(value: object) -> None:
    """Raise UndefinedError for a value that is missing, as printing it would."""
    if isinstance(value, Undefined):
        str(value)


@pass_context
def _money(context: Context, value: Money | int, currency: str | None = None) -> str:
    """`{{ total | money }}`, or minor units with their currency: `{{ 1999 | money("USD") }}`."""
    _require_defined(value)
    if isinstance(value, Money):
        return format_money(value, context["locale"])
    if currency is None:
        raise ValueError("an amount without a currency is no money")
    return format_money(Money(value, currency), context["locale"])


def _date_filter(timezone: ZoneInfo) -> Any:
    @pass_context
    def filter_date(context: Context, value: date, form: str = "long") -> str:
        """The day in words; a moment's day is that of the shop's time zone."""
        _require_defined(value)
        day = value.astimezone(timezone).date() if isinstance(value, datetime) else value
        return format_date(day, format=form, locale=context["locale"])

    return filter_date


def _datetime_filter(timezone: ZoneInfo) -> Any:
    @pass_context
    def filter_datetime(context: Context, value: datetime, form: str = "short") -> str:
        """Day and time in the shop's time zone."""
        _require_defined(value)
        return format_datetime(value, format=form, tzinfo=timezone, locale=context["locale"])

    return filter_datetime
