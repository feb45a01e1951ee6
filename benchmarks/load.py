"""The load generator: processes of raw keep-alive connections that send what was encoded before.

Each connection goes round its own list of cycles (one request, or several that make a flow) and
sends the next request when the answer to the last has come: a closed loop, as many clients as
connections. Anything but the expected status ends the run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from time import monotonic, perf_counter
from types import TracebackType
from typing import Any, Self

# The bytes of a request, and the status that its answer must have.
Step = tuple[bytes, int]
Cycle = Sequence[Step]

# How much longer than asked a run may take before it counts as stuck.
_PATIENCE = 60.0
_HEAD_END = b"\r\n\r\n"


class LoadFailed(Exception):
    """An answer was not what it must be, or none came; the message shows it."""


@dataclass
class Tally:
    """What one run counted; latencies are seconds of whole cycles."""

    requests: int = 0
    in_time: int = 0
    received_bytes: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))

    @property
    def cycles(self) -> int:
        return len(self.latencies)

    def add(self, other: Tally) -> None:
        self.requests += other.requests
        self.in_time += other.in_time
        self.received_bytes += other.received_bytes
        self.latencies.extend(other.latencies)


class LoadGenerator:
    """Processes that keep connections to one server open; a context manager that ends them."""

    def __init__(self, port: int, work: Sequence[Sequence[Cycle]], processes: int) -> None:
        """`work` has a list of cycles for each connection; the processes share it out."""
        context = multiprocessing.get_context("spawn")
        shares = [share for share in (work[n::processes] for n in range(processes)) if share]
        self._pipes: list[Pipe] = []
        self._processes = []
        for share in shares:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, port, share), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def run(self, seconds: float) -> Tally:
        """Load the server for so long; all that was sent has been answered when this returns.

        Raises LoadFailed.
        """
        for pipe in self._pipes:
            pipe.send(seconds)
        total = Tally()
        for pipe in self._pipes:
            if not pipe.poll(seconds + _PATIENCE):
                raise LoadFailed("a load process does not answer")
            try:
                result = pipe.recv()
            except EOFError:
                raise LoadFailed("a load process died") from None
            if isinstance(result, str):
                raise LoadFailed(result)
            total.add(result)
        return total

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()


def _serve(pipe: Pipe, port: int, work: Sequence[Sequence[Cycle]]) -> None:
    """The life of a load process: a run for each number of seconds, until the pipe closes."""
    loop = asyncio.new_event_loop()
    connections: list[_Connection] = []
    try:
        while True:
            seconds = pipe.recv()
            try:
                if not connections:
                    connections = loop.run_until_complete(_open(port, work))
                pipe.send(loop.run_until_complete(_run(connections, seconds)))
            except (LoadFailed, OSError) as error:
                pipe.send(str(error))
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        loop.run_until_complete(_close(connections))
        loop.close()


async def _open(port: int, work: Sequence[Sequence[Cycle]]) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    connections = []
    for cycles in work:
        connection = _Connection(port, cycles)
        await loop.create_connection(lambda opened=connection: opened, "127.0.0.1", port)  # type: ignore[misc]
        connections.append(connection)
    return connections


async def _close(connections: Sequence[_Connection]) -> None:
    for connection in connections:
        connection.close()
    await asyncio.sleep(0)  # the transports say goodbye in the loop's next round


async def _run(connections: Sequence[_Connection], seconds: float) -> Tally:
    tally = Tally()
    until = monotonic() + seconds
    running = [connection.run(tally, until) for connection in connections]
    try:
        async with asyncio.timeout(seconds + _PATIENCE / 2):
            await asyncio.gather(*running)
    except TimeoutError:
        raise LoadFailed("an answer did not come") from None
    return tally


class _Connection(asyncio.Protocol):
    """One client. Answers must have a Content-Length, as all of ours have."""

    def __init__(self, port: int, cycles: Sequence[Cycle]) -> None:
        self._port = port
        self._cycles = cycles
        self._next = 0
        self._cycle: Cycle = ()
        self._step = 0
        self._started = 0.0
        self._until = 0.0
        self._buffer = b""
        self._closes = False
        self._tally = Tally()
        self._done: asyncio.Future[None] | None = None
        self._transport: Any = None

    def run(self, tally: Tally, until: float) -> asyncio.Future[None]:
        """Go on with the cycles until the moment `until`; done when the last one has ended."""
        self._tally, self._until = tally, until
        self._done = asyncio.get_running_loop().create_future()
        self._begin()
        return self._done

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._closes = False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._done is None or self._done.done():
            return  # between two runs; the next request reconnects
        if self._closes:
            self._reconnect()
        else:
            self._fail(f"the server closed a connection: {error or 'without an answer'}")

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(_HEAD_END)
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        total = end + 4 + self._body_length(head)
        if len(buffer) < total:
            self._buffer = buffer
            return
        self._buffer = b""
        status = int(head[9:12])
        if status != self._cycle[self._step][1] or len(buffer) > total:
            self._fail(self._shown(buffer))
            return
        self._closes = b"\r\nconnection: close" in head
        self._tally.received_bytes += total
        self._answered()

    def _body_length(self, head: bytes) -> int:
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            return 0  # 204 and 304; anything else shows as surplus bytes
        stop = head.find(b"\r\n", at + 2)
        return int(head[at + 17 : stop if stop >= 0 else len(head)])

    def _shown(self, answer: bytes) -> str:
        request, expected = self._cycle[self._step]
        line = request.partition(b"\r\n")[0].decode()
        return f"{line} was to answer {expected}:\n{answer[:1500].decode('utf-8', 'replace')}"

    def _begin(self) -> None:
        if not self._cycles:
            self._fail("a connection has nothing to send")
            return
        self._cycle = self._cycles[self._next]
        self._next = (self._next + 1) % len(self._cycles)
        self._step = 0
        self._started = perf_counter()
        self._send()

    def _send(self) -> None:
        if self._transport is None:
            self._reconnect()
        elif not self._closes:  # else the server is about to close: `connection_lost` goes on
            self._transport.write(self._cycle[self._step][0])

    def _reconnect(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._opened_again())

    async def _opened_again(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError as error:
            self._fail(f"no new connection: {error}")
        else:
            self._transport.write(self._cycle[self._step][0])

    def _answered(self) -> None:
        self._tally.requests += 1
        self._step += 1
        if self._step < len(self._cycle):
            self._send()
            return
        self._tally.latencies.append(perf_counter() - self._started)
        if monotonic() <= self._until:
            self._tally.in_time += 1
            self._begin()
        elif self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, message: str) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(LoadFailed(message))
