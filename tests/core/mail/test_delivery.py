"""Delivery over SMTP: what arrives, what is tried again, what is given up, what stays stored."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from threading import Timer
from typing import Any

import pytest
from structlog.testing import capture_logs

from wrencos_core.clock import ManualClock
from wrencos_core.mail.delivery import Delivery, claim
from wrencos_core.mail.errors import MailNotSent, TryAgainLater
from wrencos_core.mail.models import MailMessage
from wrencos_core.platform import Platform
from wrencos_core.scheduler import Scheduler
from wrencos_core.testing.jobs import JobRunner
from wrencos_core.testing.smtp import LocalSMTP

from .conftest import smtp_settings

Queue = Callable[..., dict[str, Any]]
Stored = Callable[..., dict[str, Any]]
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def delivery(platform: Platform) -> Delivery:
    return platform.services.require(Delivery)


def test_a_message_arrives_in_text_and_html(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, clock: ManualClock
) -> None:
    row = queue(locale="vi", headers={"List-Unsubscribe": f"<https://shop.test/u?t={'x' * 300}>"})
    assert run_jobs() == 1
    [received] = smtp.messages
    message = received.message
    assert received.sender == "shop@shop.test"
    assert received.recipients == ["lan@customers.test"]
    assert message["Subject"] == row["subject"]
    assert len(message["Subject"]) > 76
    assert "cảm ơn" in message["Subject"]
    assert message["From"].addresses[0].display_name == "Cửa hàng Hoa"
    assert message["From"].addresses[0].addr_spec == "shop@shop.test"
    assert message["To"] == "lan@customers.test"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == row["message_id"] == f"<{row['_id']}@shop.test>"
    assert parsedate_to_datetime(message["Date"]) == clock().replace(microsecond=0)
    assert f"List-Unsubscribe: <https://shop.test/u?t={'x' * 300}>\r\n".encode() in received.raw
    text, html = message.get_body(["plain"]), message.get_body(["html"])
    assert text is not None
    assert html is not None
    assert "Chào Lan, bạn đã trả 1.999\xa0₫." in text.get_content()
    assert "Chào Lan, bạn đã trả 1.999\xa0₫." in html.get_content()
    assert received.raw.isascii()
    assert b"\n" not in received.raw.replace(b"\r\n", b"")
    assert max(len(line) for line in received.raw.splitlines()) <= 998


def test_the_content_goes_when_it_was_sent(
    queue: Queue, run_jobs: JobRunner, stored: Stored, clock: ManualClock
) -> None:
    row = queue(headers={"X-Token": "s3cret"})
    assert "s3cret" in row["text"]
    clock.advance(timedelta(seconds=5))
    run_jobs()
    sent = stored()
    assert "s3cret" not in str(sent)
    assert not {"text", "html", "headers"} & set(sent)
    assert (sent["state"], sent["sent_at"]) == ("sent", clock())
    kept = ("to", "subject", "template", "created_at", "key", "message_id")
    assert {name: sent[name] for name in kept} == {name: row[name] for name in kept}
    # What is left is still a valid document.
    MailMessage.get(row["_id"]).validate()


def test_the_job_sends_once_however_often_it_runs(
    queue: Queue, delivery: Delivery, smtp: LocalSMTP
) -> None:
    mail_id = queue()["_id"]
    for _ in range(3):
        delivery.send(mail_id)
    delivery.send("mail_00000000000000000000000000")
    assert len(smtp.messages) == 1


def test_a_refusal_for_now_is_tried_again(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, stored: Stored
) -> None:
    smtp.refuse(451, "4.7.1 <lan@customers.test> greylisted")
    queue()
    with pytest.raises(TryAgainLater) as raised:
        run_jobs()
    assert "lan@" not in str(raised.value)
    waiting = stored()
    assert (waiting["state"], waiting["attempts"]) == ("queued", 1)
    assert "greylisted" in waiting["last_error"]
    assert run_jobs(ahead=AN_HOUR) == 1
    assert len(smtp.messages) == 1
    assert (stored()["state"], stored()["attempts"]) == ("sent", 2)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_refusal_for_good_is_final(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, stored: Stored, at: Any
) -> None:
    smtp.refuse(550, "5.1.1 no such user", at=at)
    queue()
    assert run_jobs() == 1
    assert run_jobs(ahead=AN_HOUR) == 0
    failed = stored()
    assert (failed["state"], failed["last_error"]) == ("failed", "550 5.1.1 no such user")
    assert not {"text", "html", "headers"} & set(failed)
    assert smtp.messages == []


def test_a_server_that_wants_a_login_does_not_fail_the_message(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, stored: Stored
) -> None:
    smtp.refuse(530, "5.7.0 authentication required", at="MAIL")
    queue()
    with pytest.raises(TryAgainLater):
        run_jobs()
    assert stored()["state"] == "queued"


def test_waiting_messages_share_a_connection(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, stored: Stored
) -> None:
    for number in range(5):
        queue(key=f"k{number}", to=f"c{number}@customers.test")
    smtp.refuse(550, "no such user")
    assert run_jobs() == 5
    assert smtp.connections == 1
    assert [m.recipients for m in smtp.messages] == [[f"c{n}@customers.test"] for n in range(1, 5)]
    assert stored("k0")["state"] == "failed"


def test_trouble_with_another_message_is_not_this_ones(
    queue: Queue,
    run_jobs: JobRunner,
    delivery: Delivery,
    smtp: LocalSMTP,
    stored: Stored,
    clock: ManualClock,
) -> None:
    first = queue(key="first")
    clock.advance(timedelta(seconds=1))
    queue(key="second", to="mai@customers.test")
    smtp.refuse(451, to="mai@customers.test")
    delivery.send(first["_id"])
    assert stored("first")["state"] == "sent"
    assert (stored("second")["state"], stored("second")["attempts"]) == ("queued", 1)
    run_jobs()
    assert stored("second")["state"] == "sent"


def test_a_message_that_was_refused_waits_for_its_own_job(
    queue: Queue, delivery: Delivery, smtp: LocalSMTP, stored: Stored
) -> None:
    refused = queue(key="refused")
    smtp.refuse(451)
    with pytest.raises(TryAgainLater):
        delivery.send(refused["_id"])
    delivery.send(queue(key="other", to="mai@customers.test")["_id"])
    assert [m.recipients for m in smtp.messages] == [["mai@customers.test"]]
    assert stored("refused")["state"] == "queued"


def test_a_dead_worker_is_taken_over_with_the_same_message_id(
    platform: Platform,
    queue: Queue,
    run_jobs: JobRunner,
    smtp: LocalSMTP,
    delivery: Delivery,
    clock: ManualClock,
    stored: Stored,
) -> None:
    mail_id = queue()["_id"]
    # As a worker that is killed between the server's OK and the mark.
    row = claim(mail_id)
    assert row is not None
    with delivery.connection() as deliver:
        deliver(row)
    run_jobs()
    assert len(smtp.messages) == 1
    clock.advance(timedelta(minutes=4, seconds=59))
    assert delivery.sweep() == 0
    delivery.send(mail_id)
    assert stored()["state"] == "sending"
    clock.advance(timedelta(seconds=1))
    assert delivery.sweep() == 1
    run_jobs()
    assert stored()["state"] == "sent"
    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]


def test_a_worker_that_was_only_slow_changes_nothing_any_more(
    queue: Queue, delivery: Delivery, clock: ManualClock, stored: Stored
) -> None:
    mail_id = queue()["_id"]
    slow = claim(mail_id)
    clock.advance(timedelta(minutes=5))
    second = claim(mail_id)
    assert slow is not None
    assert second is not None
    before = stored()
    with capture_logs() as lines:
        delivery.finish(slow, lambda _: None)
    assert [line["event"] for line in lines] == ["mail.not_ours"]
    assert stored() == before
    delivery.finish(second, lambda _: None)
    assert stored()["state"] == "sent"


def test_the_schedule_finds_a_message_that_lost_its_job(
    platform: Platform, queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP, clock: ManualClock
) -> None:
    scheduler = Scheduler(platform.jobs, platform.schedules, platform.settings.timezone)
    scheduler.tick()
    queue()
    platform.redis.flushdb()
    scheduler.tick()
    clock.advance(timedelta(seconds=59))
    assert platform.services.require(Delivery).sweep() == 0
    clock.advance(timedelta(seconds=61))
    assert "mail.sweep_messages" in scheduler.tick()
    run_jobs()
    assert len(smtp.messages) == 1
    assert run_jobs() == 0


def test_the_sweep_does_not_double_a_waiting_job(
    queue: Queue, run_jobs: JobRunner, delivery: Delivery, clock: ManualClock
) -> None:
    queue()
    clock.advance(timedelta(minutes=2))
    assert delivery.sweep() == 1
    assert len(run_jobs.waiting()) == 1


def test_a_message_that_stays_unsent_is_given_up(
    queue: Queue,
    run_jobs: JobRunner,
    delivery: Delivery,
    smtp: LocalSMTP,
    clock: ManualClock,
    stored: Stored,
) -> None:
    smtp.refuse(452, "full", times=100)
    queue()
    run_jobs(raises=False, ahead=AN_HOUR)
    assert (stored()["state"], stored()["attempts"]) == ("queued", 4)
    clock.advance(timedelta(hours=1))
    assert delivery.sweep() == 1
    run_jobs(raises=False, ahead=AN_HOUR)
    assert (stored()["state"], stored()["attempts"]) == ("queued", 8)
    clock.advance(timedelta(hours=72))
    delivery.sweep()
    assert run_jobs() == 1
    assert (stored()["state"], stored()["last_error"]) == ("failed", "452 full")
    assert "text" not in stored()


def test_a_broken_message_harms_no_other_and_is_given_up(
    queue: Queue,
    run_jobs: JobRunner,
    delivery: Delivery,
    smtp: LocalSMTP,
    clock: ManualClock,
    stored: Stored,
) -> None:
    queue(key="broken")
    clock.advance(timedelta(seconds=1))
    queue(key="good", to="mai@customers.test")
    MailMessage.raw().update_one({"key": "broken"}, {"$unset": {"subject": 1}})
    with capture_logs() as lines:
        delivery.send(queue(key="first", to="an@customers.test")["_id"])
    assert [m.recipients for m in smtp.messages] == [["an@customers.test"], ["mai@customers.test"]]
    assert (stored("broken")["state"], stored("broken")["attempts"]) == ("queued", 1)
    assert "subject" in stored("broken")["last_error"]
    assert {"mail.broken", "mail.not_sent_yet"} < {line["event"] for line in lines}
    with pytest.raises(TryAgainLater):
        run_jobs()
    clock.advance(timedelta(hours=72))
    run_jobs(raises=False, ahead=AN_HOUR)
    assert (stored("broken")["state"], stored("broken")["attempts"]) == ("failed", 3)
    assert "text" not in stored("broken")
    assert delivery.sweep() == 0


def test_a_broken_message_does_not_stop_the_batch_it_begins(
    queue: Queue, delivery: Delivery, smtp: LocalSMTP
) -> None:
    broken = queue(key="broken")
    queue(key="good", to="mai@customers.test")
    MailMessage.raw().update_one({"key": "broken"}, {"$unset": {"subject": 1}})
    with pytest.raises(TryAgainLater, match="the message is broken"):
        delivery.send(broken["_id"])
    assert [m.recipients for m in smtp.messages] == [["mai@customers.test"]]


def test_a_message_that_kills_its_worker_is_given_up(
    queue: Queue, delivery: Delivery, clock: ManualClock, stored: Stored
) -> None:
    mail_id = queue()["_id"]
    assert claim(mail_id) is not None
    clock.advance(timedelta(hours=72))
    assert delivery.sweep() == 1  # one death may have been chance
    assert claim(mail_id) is not None
    clock.advance(timedelta(minutes=5))
    assert delivery.sweep() == 0
    assert (stored()["state"], stored()["attempts"]) == ("failed", 2)
    assert "text" not in stored()


def test_a_sweep_comes_round_to_every_message(
    platform: Platform,
    queue: Queue,
    run_jobs: JobRunner,
    delivery: Delivery,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wrencos_core.mail.delivery._SWEEP_BATCH", 1)
    queue(key="waits")
    clock.advance(timedelta(seconds=1))
    queue(key="lost")
    waiting = platform.jobs.queue("default")
    lost = run_jobs.waiting()[1]
    waiting.remove(lost)
    platform.redis.delete(f"rq:job:{lost}")
    clock.advance(timedelta(minutes=2))
    delivery.sweep()
    delivery.sweep()
    assert lost in run_jobs.waiting()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes the connection and never says a word; it hangs up after half a minute."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        hang_up = Timer(30, listener.close)
        hang_up.start()
        yield listener.getsockname()[1]
        hang_up.cancel()
        hang_up.join()


def test_a_silent_server_does_not_hold_the_worker(
    make_platform: Callable[..., Platform], smtp: LocalSMTP, silent_port: int
) -> None:
    platform = make_platform(
        settings=smtp_settings(smtp, smtp_port=silent_port, timeout_seconds=0.2)
    )
    platform.mailer.queue(template="mail/test_message", to="lan@customers.test", key="k")
    row = MailMessage.objects.get(key="k")
    delivery = platform.services.require(Delivery)
    with pytest.raises(TryAgainLater):
        delivery.send(row.id)
    row.reload()
    assert row.state == "queued"
    assert "timed out" in row.last_error


def test_no_log_line_has_the_address_or_the_content(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP
) -> None:
    with capture_logs() as lines:
        smtp.refuse(451, "<lan@customers.test> wait")
        mail_id = queue()["_id"]
        run_jobs(raises=False)
        smtp.refuse(550, "<lan@customers.test> unknown")
        queue(key="other")
        run_jobs(ahead=AN_HOUR)
    ours = [line for line in lines if str(line["event"]).startswith("mail.")]
    assert {line["event"] for line in ours} == {"mail.not_sent_yet", "mail.refused", "mail.sent"}
    assert mail_id in {line["mail"] for line in ours}
    assert "lan@" not in str(lines)
    assert "s3cret" not in str(lines)


def test_a_test_message_goes_out_at_once(delivery: Delivery, smtp: LocalSMTP) -> None:
    assert delivery.send_test("admin@shop.test", "vi") == f"127.0.0.1:{smtp.port}"
    [received] = smtp.messages
    assert received.message["Subject"] == "Thư kiểm tra từ Cửa hàng Hoa"
    assert MailMessage.raw().count_documents({}) == 0


def test_a_test_message_shows_what_the_server_said(delivery: Delivery, smtp: LocalSMTP) -> None:
    smtp.refuse(554, "5.7.1 relay denied")
    with pytest.raises(MailNotSent, match=r"554 5\.7\.1 relay denied"):
        delivery.send_test("admin@shop.test")
