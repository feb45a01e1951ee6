"""What the tests of the HTTP layer share: the probe plugin, and log lines as they leave."""

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from wrencos_core import logs
from wrencos_core.testing.modules import load_module

_probe = load_module(Path(__file__).with_name("probe_plugin.py"))


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"probe": _probe}


@pytest.fixture(scope="session")
def no_redis():
    """The address of a Redis that is not there: a port that is taken, where nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{taken.getsockname()[1]}/0"


@pytest.fixture
def probe_state():
    before = dict(_probe.state)
    yield _probe.state
    _probe.state.update(before)


@pytest.fixture
def log_lines(restored_logging, platform, capsys):
    """Returns `lines(event=None)`: the JSON lines (of one event) written so far."""
    logs.configure(platform.settings)
    written = []

    def lines(event=None):
        written.extend(json.loads(line) for line in capsys.readouterr().err.splitlines())
        return [line for line in written if event in (None, line["event"])]

    return lines


class ReadingClient(FlaskClient):
    """Reads each answer to its end, as a browser does: only then is a served file closed."""

    def open(self, *args, **kwargs):
        return super().open(*args, **{"buffered": True, **kwargs})


@pytest.fixture
def client(app):
    return ReadingClient(app)


@pytest.fixture
def make_client(make_platform, make_app):
    """Returns `make(**core)`: a client of an app with these settings of the core."""
    return lambda **core: ReadingClient(make_app(make_platform(**core)))
