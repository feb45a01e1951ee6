"""Passwords: argon2id hashes, and what makes a password acceptable."""

from __future__ import annotations

import secrets
import string
import unicodedata
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wrencos_core.auth.settings import AuthSettings
from wrencos_core.blocking import off_the_loop
from wrencos_core.errors import Invalid

# Longer ones only cost time to hash; a passphrase of twenty words is shorter.
MAX_LENGTH = 256
# A local part such as "an" is part of half of all words.
_SHORTEST_LOCAL_PART = 4
_DECORATION = string.digits + string.punctuation


class Passwords:
    """Hashes and verifies with OWASP's parameters for argon2id (19 MiB, two rounds, one lane)."""

    def __init__(self, settings: AuthSettings) -> None:
        self.min_length = settings.password_min_length
        self._hasher = PasswordHasher(
            time_cost=settings.password_rounds,
            memory_cost=settings.password_memory_kib,
            parallelism=1,
        )

    def hash(self, password: str) -> str:
        """A salted hash with its parameters, as text."""
        # 20 ms of C code.
        return off_the_loop(lambda: self._hasher.hash(_normal(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` belongs to the hash; the same work when there is none."""

        def work() -> bool:
            # Made at the first login of anyone, so that no unknown user is told by the wait for it.
            dummy = self._dummy
            return self._matches(stored or dummy, password)

        return off_the_loop(work) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def check(self, password: str, email: str, field: str = "password") -> None:
        """Raise Invalid, naming `field`, unless the password may be used by this address."""
        problems = list(self._problems(_normal(password), email))
        if problems:
            raise Invalid("Choose another password.", errors={field: problems})

    def _problems(self, password: str, email: str) -> Any:
        if len(password) < self.min_length:
            yield f"Must have at least {self.min_length} characters."
        if len(password) > MAX_LENGTH:
            yield f"Must have at most {MAX_LENGTH} characters."
        lowered = password.casefold()
        local_part = email.partition("@")[0].casefold()
        if len(local_part) >= _SHORTEST_LOCAL_PART and local_part in lowered:
            yield "Must not contain your address."
        if lowered in common_passwords() or lowered.strip(_DECORATION) in common_passwords():
            yield "Is one of the most common passwords."
        elif len(set(lowered)) < 4:
            yield "Must have at least four different characters."

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _dummy(self) -> str:
        """What an unknown user's password is compared with, so that the answer takes as long."""
        return self._hasher.hash(secrets.token_urlsafe(32))


def _normal(password: str) -> str:
    """One form for what keyboards send in several (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def common_passwords() -> frozenset[str]:
    """The commonest passwords, in lower case."""
    text = files("wrencos_core.auth").joinpath("data/common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())
