"""Settings of mail: the SMTP server, the sender, and how long to keep trying."""

from __future__ import annotations

from ipaddress import ip_address
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from wrencos_core.mail.addresses import NotAnAddress, normal_address
from wrencos_core.settings import Settings
from wrencos_core.text import is_one_line

# The sender that files in the data folder show while nothing is configured.
LOCAL_SENDER = "no-reply@localhost"


class MailSettings(Settings):
    """`WRENCOS_MAIL_…`, or the table `[mail]` in wrencos.toml."""

    section: ClassVar[str] = "mail"

    smtp_host: str = Field(
        "", description="SMTP server. Empty: mail becomes .eml files in the data folder."
    )
    smtp_port: int = Field(
        587, ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls, 25 for none."
    )
    smtp_username: str = Field("", description="User name at the SMTP server, if it wants one.")
    smtp_password: SecretStr | None = Field(None, description="Password at the SMTP server.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="`none` is for a server on this machine or in a private network."
    )
    from_address: str = Field("", description="Sender of all mail; needed with an SMTP server.")
    from_name: str = Field(
        "", max_length=80, description="Sender's name. Empty: the name of the shop."
    )
    timeout_seconds: float = Field(
        20, ge=0.1, le=45, description="Longest wait for one answer of the SMTP server."
    )
    batch_size: int = Field(
        20, ge=1, le=500, description="Most messages that are sent over one connection."
    )
    give_up_hours: int = Field(
        72, ge=1, le=240, description="A message that could not be sent for so long has failed."
    )

    @field_validator("from_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            return normal_address(value) if value else value
        except NotAnAddress as error:
            raise ValueError(str(error)) from error

    @field_validator("smtp_host", "smtp_username", "from_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not is_one_line(value):
            raise ValueError("must not contain line breaks or control characters")
        return value.strip()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.smtp_host:
            return self
        if not self.from_address:
            raise ValueError("an SMTP server needs a from_address")
        if bool(self.smtp_username) != bool(self._password):
            raise ValueError("smtp_username and smtp_password go together")
        if self.smtp_username and self.smtp_security == "none" and not _loopback(self.smtp_host):
            raise ValueError("a password must not travel in clear: use starttls or tls")
        return self

    @property
    def _password(self) -> str:
        return self.smtp_password.get_secret_value() if self.smtp_password else ""

    @property
    def sender(self) -> str:
        """The address that mail comes from."""
        return self.from_address or LOCAL_SENDER


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
