"""Typed settings: environment, then .env, then wrencos.toml, then the default.

The core and every plugin declare a `Settings` class; all are validated together, so an admin sees
every mistake at once. Secrets are `SecretStr` and are never printed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.sources.utils import parse_env_vars

from wrencos_core.errors import StartupError
from wrencos_core.money import is_currency
from wrencos_core.storage.places import parse_place

PREFIX = "WRENCOS_"


@dataclass(frozen=True)
class Sources:
    """Where settings come from; `environ` already has .env under the real environment."""

    environ: Mapping[str, str] = field(default_factory=dict)
    toml: Mapping[str, Any] = field(default_factory=dict)


_sources: ContextVar[Sources] = ContextVar("settings_sources")


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if _is_text(value) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# A comma-separated value in the environment, a list in wrencos.toml.
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Base of all settings classes. `section` is the plugin's name, empty for the core.

    The field `page_size` of section `commerce` is `WRENCOS_COMMERCE_PAGE_SIZE` in the environment
    and `page_size` below `[commerce]` in wrencos.toml; the core's fields stand at the top.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True)
    section: ClassVar[str] = ""

    @classmethod
    def environment_name(cls, field_name: str) -> str:
        """The environment variable of a field."""
        section = f"{cls.section}_" if cls.section else ""
        return f"{PREFIX}{section}{field_name}".upper()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = _sources.get(Sources())
        environment = EnvSettingsSource(
            settings_cls, case_sensitive=False, env_prefix=cls.environment_name("")
        )
        # A variable that is set to nothing is as good as absent.
        environment.env_vars = parse_env_vars(
            sources.environ, case_sensitive=False, ignore_empty=True
        )
        table = sources.toml.get(cls.section, {}) if cls.section else _top_level(sources.toml)
        return init_settings, environment, InitSettingsSource(settings_cls, dict(table))

    def shown(self) -> dict[str, Any]:
        """Every value by its environment name, secrets masked, ready to print."""
        values = self.model_dump(mode="json")
        return {self.environment_name(name): value for name, value in values.items()}


def _top_level(toml: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in toml.items() if not isinstance(value, dict)}


class CoreSettings(Settings):
    """Settings of the platform itself."""

    environment: Literal["development", "demo", "production"] = Field(
        "development",
        description="`production` refuses to start with embedded servers or no key; `demo` is what "
        "`wrencos demo` sets: plugins may offer what is only pretended.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs tokens; at least 32 bytes, the same in every process. In development "
        "one is made and kept in the data folder.",
    )
    data_dir: Path = Field(
        Path("wrencos-data"), description="Folder of embedded servers, files and unsent mail."
    )
    base_url: str = Field(
        "http://127.0.0.1:8000", description="Public address of the shop, used in links in mail."
    )
    shop_name: str = Field("Wrencos Beauty", max_length=80, description="Name shown to customers.")
    currency: str = Field("VND", description="ISO 4217 code of the shop's base currency.")
    locale: Literal["vi", "en"] = Field("en", description="Language of mail without a better hint.")
    timezone: str = Field(
        "Asia/Ho_Chi_Minh", description="IANA name; business days and schedules follow it."
    )
    disabled_plugins: CommaList = Field(
        (), description="Names of installed plugins that stay off, comma-separated."
    )
    mongodb_uri: SecretStr | None = Field(
        None, description="A replica set. Empty: the embedded server in the data folder."
    )
    mongodb_database: str = Field(
        "wrencos", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="Name of the database."
    )
    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey. Empty: the embedded server in the data folder."
    )
    rate_limits: Literal["on", "off"] = Field("on", description="`off` only for a load test.")
    rate_limit_default: str = Field(
        "600 per minute", description="Requests of one user, or of one address when logged out."
    )
    cors_origins: CommaList = Field(
        (), description="Origins of browser clients that may call the API, comma-separated."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Proxies in front whose X-Forwarded headers are believed."
    )
    public_cache_seconds: float = Field(
        2.0,
        ge=0,
        le=60,
        description="How old a page of the catalogue may be that a visitor is shown; 0 for never.",
    )
    max_body_kb: int = Field(1024, ge=16, description="Largest request body that is read, in KiB.")
    storage_url: str = Field(
        "",
        description="Where files lie: `file:///folder`, `s3://bucket/prefix` or "
        "`gs://bucket/prefix`. Empty: the data folder.",
    )
    storage_public_url: str = Field(
        "", description="Where public files are served, such as a CDN. Empty: /media of this app."
    )
    upload_max_bytes: int = Field(
        10 * 1024 * 1024, ge=1024, description="Largest uploaded file that is taken, in bytes."
    )
    upload_max_pixels: int = Field(
        40_000_000, ge=10_000, le=80_000_000, description="Largest uploaded image, in pixels."
    )
    upload_unclaimed_hours: int = Field(
        24, ge=1, description="An uploaded image that nothing uses is deleted after so long."
    )
    upload_unclaimed_per_user: int = Field(
        100, ge=1, description="Uploaded images of one user that nothing uses yet."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important lines that are logged."
    )
    log_format: Literal["json", "text"] = Field("json", description="`text` is for a terminal.")
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for /metrics; without it only loopback may read them."
    )
    min_free_disk_mb: int = Field(
        256, ge=0, description="/ready fails when the data folder's disk has less free."
    )
    websocket_ticket_seconds: int = Field(
        30, ge=1, le=300, description="How long a ticket for a WebSocket is good."
    )
    websocket_max_message_kb: int = Field(
        64, ge=1, le=1024, description="Largest WebSocket message, in KiB."
    )
    websocket_ping_seconds: int = Field(
        25, ge=1, le=300, description="Interval of pings; who answers none is closed at the next."
    )
    websocket_queue: int = Field(
        256, ge=1, description="Messages that may wait for a slow reader before it is closed."
    )
    websocket_history: int = Field(
        200, ge=1, le=10_000, description="Messages of a room that who reconnects can catch up on."
    )
    websocket_history_minutes: int = Field(
        60, ge=1, description="How long they are kept after the last message in the room."
    )
    websocket_recheck_seconds: int = Field(
        10, ge=1, le=300, description="How soon the end of a login closes its WebSockets."
    )
    websocket_per_user: int = Field(10, ge=1, description="Open WebSockets of one user.")
    websocket_per_address: int = Field(
        100, ge=1, description="Open WebSockets of all guests from one address."
    )

    @field_validator("base_url")
    @classmethod
    def _demo_is_here(cls, value: str, info: ValidationInfo) -> str:
        is_here = urlsplit(value).hostname in _LOOPBACK
        if info.data.get("environment") == "demo" and not is_here:
            raise ValueError("a demo is on this machine: what it takes for paid is pretended")
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value):
            raise ValueError("not an ISO 4217 currency")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            raise ValueError("not an IANA time zone")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < 32:
            raise ValueError("needs at least 32 bytes")
        return value

    @field_validator("storage_url")
    @classmethod
    def _known_place(cls, value: str) -> str:
        if value:
            parse_place(value)
        return value

    @field_validator("storage_public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("base_url")
    @classmethod
    def _plain_origin(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")


class SettingsError(StartupError):
    """Settings that can't be used; `problems` has one line for each mistake."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("Settings are not valid:\n  " + "\n  ".join(self.problems))


S = TypeVar("S", bound=Settings)


class SettingsBook:
    """The validated settings of the core and of the plugins, by class."""

    def __init__(self, loaded: Mapping[type[Settings], Settings]) -> None:
        self._loaded = dict(loaded)

    def get(self, cls: type[S]) -> S:
        """The settings of class `cls`; KeyError when it was not registered."""
        return self._loaded[cls]  # type: ignore[return-value]

    def __iter__(self) -> Any:
        return iter(self._loaded.values())


def read_sources(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Sources:
    """The real environment over .env, and wrencos.toml, both looked for in `folder` (else cwd)."""
    folder = folder or Path.cwd()
    real = os.environ if environ is None else environ
    dotenv = {k: v for k, v in dotenv_values(folder / ".env").items() if v is not None}
    toml_file = folder / "wrencos.toml"
    try:
        toml = tomllib.loads(toml_file.read_text("utf-8")) if toml_file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"wrencos.toml: {error}"]) from error
    return Sources({**dotenv, **real}, toml)


def load(
    classes: Iterable[type[Settings]],
    sources: Sources,
    overrides: Mapping[type[Settings], Mapping[str, Any]] | None = None,
    sections: Iterable[str] = (),
) -> SettingsBook:
    """All settings, or a SettingsError that lists every mistake in all of them.

    `sections` are further tables that wrencos.toml may hold: those of plugins that are off.
    """
    classes = list(classes)
    loaded: dict[type[Settings], Settings] = {}
    problems: list[str] = []
    token = _sources.set(sources)
    try:
        for cls in classes:
            try:
                loaded[cls] = cls(**(overrides or {}).get(cls, {}))
            except ValidationError as error:
                problems += [_explain(cls, item) for item in error.errors(include_input=False)]
    finally:
        _sources.reset(token)
    known = {cls.section for cls in classes} | set(sections)
    for key, value in sources.toml.items():
        if isinstance(value, dict) and key not in known:
            problems.append(f"wrencos.toml: [{key}] is the table of no installed plugin")
    if problems:
        raise SettingsError(problems)
    return SettingsBook(loaded)


def _explain(cls: type[Settings], error: Any) -> str:
    name = str(error["loc"][0]) if error["loc"] else "?"
    return f"{cls.environment_name(name)}: {error['msg'].removeprefix('Value error, ')}"


def unknown_variables(classes: Iterable[type[Settings]], environ: Mapping[str, str]) -> list[str]:
    """`WRENCOS_…` variables that no settings class reads: most often a typing error."""
    known = {cls.environment_name(name) for cls in classes for name in cls.model_fields}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
