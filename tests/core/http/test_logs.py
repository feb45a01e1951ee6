"""Log lines: their form, and what never stands in them."""

import io
import json
import logging
import sys

import pytest
import structlog

from wrencos_core import logs
from wrencos_core.settings import CoreSettings

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def written(capsys):
    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def configured(**settings):
    logs.configure(CoreSettings(**settings))
    return structlog.get_logger("shop.orders")


def test_a_line_is_json_with_time_level_logger_and_event(written):
    configured().info("order.placed", order="order_1")
    (line,) = written()
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert line["level"] == "info"
    assert line["logger"] == "shop.orders"
    assert line["order"] == "order_1"
    assert line["timestamp"].endswith("Z")


def test_a_line_of_the_standard_library_has_the_same_form(written):
    configured()
    logging.getLogger("some.library").warning("went %s", "wrong", extra={"attempt": 2})
    (line,) = written()
    assert line["event"] == "went wrong"
    assert line["logger"] == "some.library"
    assert line["level"] == "warning"
    assert line["attempt"] == 2
    assert line["timestamp"].endswith("Z")


def test_bound_context_is_in_the_lines_of_both(written):
    log = configured()
    with structlog.contextvars.bound_contextvars(job="core.sweep_outbox", user_id="user_1"):
        log.info("one")
        logging.getLogger("some.library").warning("two")
    log.info("three")
    one, two, three = written()
    assert one["job"] == two["job"] == "core.sweep_outbox"
    assert one["user_id"] == two["user_id"] == "user_1"
    assert "job" not in three


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "token",
        "accessToken",
        "Authorization",
        "client_secret",
        "Set-Cookie",
        "api_key",
        "apiKey",
        "X-Api-Key",
    ],
)
def test_values_of_keys_that_look_secret_are_masked(key, written):
    log = configured()
    log.info("event", **{key: "swordfish"})
    log.info("event", body={"deep": [{key: "swordfish"}]})
    log.info("event", **{key: {"inner": "swordfish"}})
    logging.getLogger("some.library").warning("event", extra={key: "swordfish"})
    lines = written()
    assert len(lines) == 4
    assert "swordfish" not in json.dumps(lines)
    assert lines[0][key] == logs.MASK


def test_counts_are_not_masked(written):
    configured().info("event", tokens=17, password=None)
    (line,) = written()
    assert line["tokens"] == 17
    assert line["password"] is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sent Authorization: Bearer swordfish.abc", "sent Authorization: Bearer ***"),
        ("GET /x?page=2&token=swordfish HTTP/1.1", "GET /x?page=2&token=*** HTTP/1.1"),
        ("/x?access_token=swordfish&b=1", "/x?access_token=***&b=1"),
        (
            "no answer from redis://me:swordfish@db:6379/0",
            "no answer from redis://me:***@db:6379/0",
        ),
    ],
)
def test_secrets_inside_texts_are_masked(text, kept, written):
    log = configured()
    log.info("event", error=text)
    log.info("event", error=text.encode())
    log.info("event", error=ValueError(text))
    logging.getLogger("some.library").warning(text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        log.exception("failed")
    lines = written()
    assert "swordfish" not in json.dumps(lines)
    assert [line["error"] for line in lines[:3]] == [kept] * 3
    assert lines[3]["event"] == kept
    assert kept in lines[4]["exception"]


def test_a_line_stays_one_line_of_json_whatever_is_in_it(written):
    configured().info("one\ntwo", text='"\x1b[31m\u2028\udc80', thing=object(), kinds={1: {2, 3}})
    (line,) = written()
    assert line["event"] == "one\ntwo"
    assert line["kinds"] == {"1": [2, 3]}


def test_configuring_twice_writes_each_line_once(written):
    configured()
    configured().info("one")
    logging.getLogger("some.library").warning("two")
    assert [line["event"] for line in written()] == ["one", "two"]


def test_the_second_call_decides(written):
    log = configured(log_level="ERROR")
    log.info("too quiet")
    logging.getLogger("some.library").warning("too quiet")
    configured(log_level="DEBUG")
    log.debug("heard")
    logging.getLogger("some.library").debug("heard")
    assert [line["event"] for line in written()] == ["heard", "heard"]


def test_handlers_of_others_on_the_root_logger_stay(written):
    other = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(other)
    configured()
    logging.getLogger("some.library").warning("both")
    assert other.stream.getvalue() == "both\n"
    assert len(written()) == 1


@pytest.mark.parametrize("name", ["gunicorn.error", "rq.worker", "werkzeug", "pymongo.client"])
def test_loggers_with_handlers_of_their_own_are_taken_over(name, written):
    own = io.StringIO()
    logger = logging.getLogger(name.removesuffix(".client"))
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    configured()
    logging.getLogger(name).warning("hello")
    (line,) = written()
    assert line["logger"] == name
    assert own.getvalue() == ""


def test_lines_of_libraries_that_hold_customers_data_are_left_out(written):
    configured(log_level="DEBUG")
    logging.getLogger("pymongo.command").debug('{"insert": "auth_users"}')
    logging.getLogger("werkzeug").info('"GET /reset?code=1 HTTP/1.1" 200')
    assert written() == []


def test_text_is_for_a_terminal_and_masks_too(capsys):
    logs.configure(CoreSettings(), force_text=True)
    log = structlog.get_logger("shop.orders")
    log.info("order.placed", order="order_1", password="swordfish")
    try:
        card_token = "swordfish"
        raise RuntimeError("broken")
    except RuntimeError:
        log.exception("failed", user="user_1")
    assert card_token == "swordfish"
    text = capsys.readouterr().err
    assert "order.placed" in text
    assert "order=order_1" in text
    assert "RuntimeError: broken" in text
    assert "swordfish" not in text.replace('card_token = "swordfish"', "")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text.splitlines()[0])


def test_log_format_text_gives_text(capsys):
    logs.configure(CoreSettings(log_format="text"))
    structlog.get_logger("shop").info("hello")
    assert not capsys.readouterr().err.startswith("{")


def test_lines_follow_stderr_where_it_goes(monkeypatch):
    log = configured()
    elsewhere = io.StringIO()
    monkeypatch.setattr(sys, "stderr", elsewhere)
    log.info("one")
    logging.getLogger("some.library").warning("two")
    assert len(elsewhere.getvalue().splitlines()) == 2
