"""What can go wrong with accounts, as problems with stable types."""

from __future__ import annotations

from wrencos_core.errors import Conflict, DomainError, NotAuthenticated, PermissionDenied


class EmailTaken(Conflict):
    slug, title = "email-taken", "There is an account with this address already"


class UsernameTaken(Conflict):
    slug, title = "username-taken", "This username is taken"


class LastAdmin(Conflict):
    slug, title = "last-admin", "The last admin can be neither demoted, disabled nor erased"


class InvalidCredentials(NotAuthenticated):
    """Wrong password or unknown address: the answer does not tell which."""

    slug, title = "invalid-credentials", "The address or the password is wrong"


class AccountDisabled(PermissionDenied):
    """Told only to someone who knows the password."""

    slug, title = "account-disabled", "This account is disabled"


class InvalidAccessToken(NotAuthenticated):
    slug, title = "invalid-token", "The access token is not valid"


class AccessTokenExpired(NotAuthenticated):
    slug, title = "token-expired", "The access token has expired"


class SessionEnded(NotAuthenticated):
    slug, title = "session-ended", "This login has ended"


class InvalidRefreshToken(NotAuthenticated):
    slug, title = "invalid-refresh-token", "The refresh token is not valid"


class RefreshTokenReused(NotAuthenticated):
    """It was used before, so someone else may have it: the whole login has been ended."""

    slug, title = "refresh-token-reused", "The refresh token was used before; log in again"


class RefreshSuperseded(Conflict):
    """Another request of the same client used the token a moment ago, and has the new one."""

    slug, title = "refresh-superseded", "Another request has refreshed this login just now"


class InvalidLink(DomainError):
    """Used, expired, replaced by a newer one, or never issued: the answer does not tell which."""

    status, slug, title = 400, "invalid-link", "This link is no longer valid; ask for a new one"
