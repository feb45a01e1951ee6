"""Notices that the web server was asked to end while sockets are open."""

from __future__ import annotations

import _thread
import signal
from collections.abc import Callable
from types import FrameType


def on_terminate(callback: Callable[[], None]) -> bool:
    """Call `callback` beside the server's own handler of SIGTERM, and whether that is possible.

    gunicorn waits for its requests before it tells anyone; a socket would keep it waiting to the
    end of its patience. Not possible: a server without a handler, or a call outside the
    main thread.
    """
    previous = signal.getsignal(signal.SIGTERM)
    if not callable(previous):
        return False

    def handle(number: int, frame: FrameType | None) -> None:
        # The handler may run inside gevent's loop, where nothing may wait: not even for a
        # threading.Thread to have started.
        _thread.start_new_thread(callback, ())
        previous(number, frame)

    try:
        signal.signal(signal.SIGTERM, handle)
    except ValueError:
        return False
    return True
