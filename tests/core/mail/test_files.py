"""Without an SMTP server mail becomes files."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from wrencos_core.mail.delivery import Delivery
from wrencos_core.mail.errors import TryAgainLater
from wrencos_core.platform import Platform
from wrencos_core.testing.jobs import JobRunner

Queue = Callable[..., dict[str, Any]]


@pytest.fixture
def platform(make_platform: Callable[..., Platform]) -> Platform:
    return make_platform(shop_name='Hoa, "Lan" & Co')


@pytest.fixture
def folder(platform: Platform) -> Path:
    return platform.settings.data_dir / "mail"


def test_a_message_becomes_a_file(
    queue: Queue, run_jobs: JobRunner, folder: Path, sent_mail: Callable[[], list[EmailMessage]]
) -> None:
    row = queue(locale="vi")
    run_jobs()
    [file] = folder.iterdir()
    assert file.name == f"{row['_id']}.eml"
    assert file.stat().st_mode & 0o077 == 0
    [message] = sent_mail()
    assert message["Subject"] == row["subject"]
    assert message["Message-ID"] == f"<{row['_id']}@localhost>"
    assert message["From"].addresses[0].display_name == 'Hoa, "Lan" & Co'
    body = message.get_body(["html"])
    assert body is not None
    assert "Chào Lan" in body.get_content()


def test_a_disk_that_takes_no_file_is_tried_again(
    platform: Platform,
    queue: Queue,
    run_jobs: JobRunner,
    folder: Path,
    stored: Callable[..., dict[str, Any]],
) -> None:
    folder.write_text("in the way")
    queue()
    with pytest.raises(TryAgainLater):
        run_jobs()
    assert stored()["state"] == "queued"
    folder.unlink()
    platform.services.require(Delivery).send(stored()["_id"])
    assert stored()["state"] == "sent"


def test_a_test_message_says_where_it_went(platform: Platform, folder: Path) -> None:
    where = Path(platform.services.require(Delivery).send_test("admin@shop.test"))
    assert where.parent == folder
    assert b"admin@shop.test" in where.read_bytes()
