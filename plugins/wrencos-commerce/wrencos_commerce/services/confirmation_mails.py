"""How many mails an address gets that ask it to confirm something, whoever typed it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from wrencos_commerce.models.stock_request import ConfirmationMails
from wrencos_core.api import Platform, bump, now

# Who types somebody else's address can have so many mails sent there in a day, and no more.
MAILS_A_DAY = 5
_DAY = timedelta(days=1)


def may_mail(platform: Platform, address: str) -> bool:
    """Whether the address may be sent one more today."""
    return len(_recent(_id(platform, address))) < MAILS_A_DAY


def count_mail(platform: Platform, address: str) -> bool:
    """Count a mail to the address in, in the running transaction; False: it has had enough.

    Two at once write to the same row, so that one of them runs again and counts the other.
    """
    id = _id(platform, address)
    recent = _recent(id)
    if len(recent) >= MAILS_A_DAY:
        return False
    sent = {"sent_at": [*recent, now()], "expires_at": now() + _DAY}
    made = {"$setOnInsert": {"created_at": now()}}
    ConfirmationMails.raw().update_one({"_id": id}, bump({"$set": sent, **made}), upsert=True)
    return True


def _recent(id: str) -> Sequence[datetime]:
    row = ConfirmationMails.raw().find_one({"_id": id}) or {"sent_at": ()}
    return [at for at in row["sent_at"] if at > now() - _DAY]


def _id(platform: Platform, address: str) -> str:
    text = f"commerce|confirmation-mails|{address.strip().lower()}"
    digest = hmac.digest(platform.secret_key.encode(), text.encode(), hashlib.sha256)
    return f"{ConfirmationMails.id_prefix}_{digest.hex()[:32]}"
