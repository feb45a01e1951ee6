"""Export and erasure of a user's mail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wrencos_core.clock import ManualClock
from wrencos_core.mail import plugin
from wrencos_core.mail.models import MailMessage
from wrencos_core.testing.jobs import JobRunner
from wrencos_core.testing.smtp import LocalSMTP

Queue = Callable[..., dict[str, Any]]
LAN = "user_00000000000000000000000001"


def test_a_user_gets_their_own_messages(
    queue: Queue, run_jobs: JobRunner, clock: ManualClock
) -> None:
    queue(key="a", user_id=LAN)
    run_jobs()
    queue(key="b", user_id="user_00000000000000000000000002")
    [message] = plugin.export_personal_data(user_id=LAN).sections["messages"]
    assert message["to"] == "lan@customers.test"
    assert message["sent_at"] == clock().isoformat()
    json.dumps(message)


def test_erasure_deletes_what_is_stored_and_stops_what_waits(
    queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP
) -> None:
    queue(key="a", user_id=LAN)
    queue(key="b")
    assert plugin.erase_personal_data(user_id=LAN).erased == {"messages": 1}
    run_jobs()
    assert len(smtp.messages) == 1
    assert [row["key"] for row in MailMessage.raw().find()] == ["b"]


def test_metrics_count_what_is_not_sent(queue: Queue, run_jobs: JobRunner, smtp: LocalSMTP) -> None:
    smtp.refuse(550)
    queue(key="a")
    run_jobs()
    queue(key="b")
    values = {metric.labels["state"]: metric.value for metric in plugin.collect_metrics()}
    assert values == {"queued": 1, "sending": 0, "failed": 1}
