"""What `platform.mailer.queue()` stores, refuses and leaves out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from wrencos_core.database import transaction
from wrencos_core.errors import Invalid
from wrencos_core.mail.addresses import NotAnAddress
from wrencos_core.mail.models import MailMessage
from wrencos_core.money import Money
from wrencos_core.platform import Platform
from wrencos_core.testing.jobs import JobRunner
from wrencos_core.testing.smtp import LocalSMTP

Queue = Callable[..., dict[str, Any]]


def count() -> int:
    return int(MailMessage.raw().count_documents({}))


def test_the_content_is_rendered_when_it_is_queued(queue: Queue) -> None:
    row = queue(
        locale="vi", context={"name": "<Lan>", "total": 150000, "link": "https://x.test/?a=1"}
    )
    assert row["state"] == "queued"
    assert row["subject"].startswith("Biên lai của <Lan>: cảm ơn bạn đã mua hàng ở Cửa hàng Hoa")
    assert "Chào <Lan>, bạn đã trả 150.000\xa0₫." in row["text"]
    assert "Chào &lt;Lan&gt;, bạn" in row["html"]
    assert '<html lang="vi">' in row["html"]
    assert "gửi tự động" in row["html"]


@pytest.mark.parametrize(
    ("wanted", "used"), [("vi-VN", "vi"), ("EN_us", "en"), ("fr", "en"), (None, "en"), ("", "en")]
)
def test_an_unknown_locale_is_the_shops(queue: Queue, wanted: str | None, used: str) -> None:
    assert queue(locale=wanted)["locale"] == used


def test_a_locale_that_the_template_lacks_is_replaced(queue: Queue) -> None:
    moment = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    context = {"at": moment, "day": date(2026, 3, 1), "price": Money(1999, "USD")}
    row = queue(template="shop/appointment", locale="vi", context=context)
    assert row["locale"] == "en"
    # 20:30 UTC is 03:30 of the next day in Ho Chi Minh City.
    assert row["text"].replace("\u202f", " ") == (
        "March 2, 2026 | 3/2/26, 3:30 AM | 3/1/26 | $19.99"
    )


def test_the_same_key_is_queued_once(queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP) -> None:
    first = queue()
    assert queue(to="other@customers.test")["_id"] == first["_id"]
    run_jobs()
    queue()
    run_jobs()
    assert [m.recipients for m in smtp.messages] == [["lan@customers.test"]]


def test_the_same_key_at_once_is_queued_once(queue: Queue) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {row["_id"] for row in pool.map(lambda n: queue(), range(16))}
    assert len(ids) == 1
    assert count() == 1


def test_a_rollback_queues_nothing(queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP) -> None:
    def fail() -> None:
        queue()
        raise LookupError("after the mail")

    with pytest.raises(LookupError):
        transaction(fail)
    assert run_jobs() == 0
    assert count() == 0
    assert smtp.messages == []


def test_the_job_is_queued_after_the_commit(queue: Queue, run_jobs: JobRunner) -> None:
    def work() -> None:
        queue()
        assert run_jobs.waiting() == []

    transaction(work)
    assert len(run_jobs.waiting()) == 1


def test_a_template_error_reaches_the_caller(queue: Queue) -> None:
    with pytest.raises(UndefinedError):
        queue(context={"name": "Lan"})
    with pytest.raises(TemplateNotFound):
        queue(template="shop/absent")
    with pytest.raises(TemplateNotFound):
        queue(template="nobody/receipt")
    with pytest.raises(TemplateNotFound):
        queue(template="shop/../shop/receipt")
    assert count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.test\r\nBcc: all@customers.test",
        "a@b.test, c@b.test",
        "Lan <lan@customers.test>",
        "đào@customers.test",
    ],
)
def test_a_bad_address_is_refused(queue: Queue, address: str) -> None:
    with pytest.raises(NotAnAddress) as refused:
        queue(to=address)
    assert refused.value.status == 422
    assert "errors" in refused.value.extra
    assert count() == 0


def test_an_international_domain_is_sent_to_in_ascii(queue: Queue) -> None:
    assert queue(to="lan@bücher.test")["to"] == "lan@xn--bcher-kva.test"


@pytest.mark.parametrize(
    "name", ["Lan\r\nBcc: all@customers.test", "Lan\nX: y", "a\u2028b", "\0", "L" * 300]
)
def test_a_subject_can_add_no_header(queue: Queue, name: str) -> None:
    with pytest.raises(Invalid, match="subject"):
        queue(context={"name": name, "total": 1, "link": ""})
    assert count() == 0


def test_a_subject_may_hold_what_people_write(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP
) -> None:
    name = "150.000\xa0₫, 👩\u200d🔬 và Nguyễn"
    queue(context={"name": name, "total": 1, "link": ""})
    run_jobs()
    assert smtp.messages[0].message["Subject"] == f"Your receipt, {name}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Bcc": "all@customers.test"},
        {"message-id": "<mine@shop.test>"},
        {"Content-Type": "text/html"},
        {"X-A": "one\r\nBcc: all@customers.test"},
        {"X-A: b\r\nBcc": "all@customers.test"},
        {"X-A": "ngày"},
        {"X-A": ""},
        {"X.A": "b"},
    ],
)
def test_a_bad_header_is_refused(queue: Queue, headers: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        queue(headers=headers)
    assert count() == 0


def test_a_plugin_can_not_shadow_anothers_template(platform: Platform) -> None:
    templates = platform.mailer.templates
    assert templates.render("mail/test_message", "vi", {}).subject == "Thư kiểm tra từ Cửa hàng Hoa"
    with pytest.raises(TemplateNotFound):
        templates.render("mail/receipt", "en", {})


def test_values_of_the_caller_do_not_replace_the_shops(queue: Queue) -> None:
    context = {"name": "Lan", "total": 1, "link": "", "shop_name": "Other", "locale": "vi"}
    row = queue(context=context)
    assert "Cửa hàng Hoa" in row["html"]
    assert "Other" not in row["html"]
    assert row["text"].startswith("Hello Lan, you paid $0.01.")
