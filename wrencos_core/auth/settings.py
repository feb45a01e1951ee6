"""Settings of accounts and logins: `WRENCOS_AUTH_…`, or `[auth]` in wrencos.toml."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from wrencos_core.settings import Settings


class AuthSettings(Settings):
    """How long logins last, how often they may be tried, what a password must be."""

    section: ClassVar[str] = "auth"

    access_token_minutes: int = Field(
        default=15, ge=1, le=24 * 60, description="How long an access token is good for."
    )
    refresh_token_days: int = Field(
        default=30, ge=1, le=365, description="A login ends when it is not refreshed for so long."
    )
    refresh_grace_seconds: int = Field(
        default=10,
        ge=0,
        le=60,
        description="A refresh token that comes twice within this time is taken for two requests "
        "of one client, not for a stolen token. The second one gets no tokens.",
    )
    sessions_per_user: int = Field(
        default=20,
        ge=1,
        le=100,
        description="Logins a user can have at once; the oldest ends first.",
    )
    reset_link_minutes: int = Field(
        default=60,
        ge=5,
        le=24 * 60,
        description="How long a link to set a new password is good for.",
    )
    verify_link_hours: int = Field(
        default=48,
        ge=1,
        le=24 * 30,
        description="How long a link to verify an address is good for.",
    )
    link_mails_per_hour: int = Field(
        default=3,
        ge=1,
        description="Reset and verification mails one account can ask for in an hour.",
    )
    login_window_minutes: int = Field(
        default=15, ge=1, description="The sliding time over which attempts to log in are counted."
    )
    login_attempts_per_account_and_address: int = Field(
        default=10,
        ge=1,
        description="Wrong passwords for one account from one network address within the window; "
        "also those that a logged-in user may give when asked to confirm.",
    )
    login_attempts_per_account: int = Field(
        default=100,
        ge=1,
        description="Wrong passwords for one account from anywhere within the window. Beyond it "
        "the owner can't log in either, so it is far above what one network address may use up.",
    )
    login_attempts_per_address: int = Field(
        default=100,
        ge=1,
        description="Wrong passwords from one network address within the window; an office or a "
        "mobile carrier shares one.",
    )
    password_min_length: int = Field(
        default=10, ge=8, le=64, description="Shortest password, in characters."
    )
    password_memory_kib: int = Field(
        default=19 * 1024,
        ge=8 * 1024,
        description="Memory of one argon2id hash; OWASP asks for 19 MiB.",
    )
    password_rounds: int = Field(
        default=2, ge=1, description="Time cost of argon2id; OWASP asks for 2."
    )
