"""Reads the mail that a platform without an SMTP server left in its data folder."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


def read_outbox(data_dir: Path) -> list[EmailMessage]:
    """The messages in the file outbox below `data_dir`, oldest first."""
    files = sorted(data_dir.glob("**/*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
