"""Frames as they leave the server: unmasked, uncompressed, whole (RFC 6455, section 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_TEXT = 0x81
_CLOSE = 0x88
_LONGEST_REASON = 123
_LONGEST_SHORT = 125
_LONGEST_MEDIUM = 0xFFFF


def text_frame(payload: bytes) -> bytes:
    """One text message; the same bytes fit every receiver."""
    length = len(payload)
    if length <= _LONGEST_SHORT:
        return bytes((_TEXT, length)) + payload
    if length <= _LONGEST_MEDIUM:
        return struct.pack("!BBH", _TEXT, 126, length) + payload
    return struct.pack("!BBQ", _TEXT, 127, length) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """The frame that ends a connection; a reason too long for it is cut."""
    text = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore").encode()
    return bytes((_CLOSE, 2 + len(text))) + struct.pack("!H", code) + text


def control_frames(data: bytes) -> Iterator[bytes]:
    """The control frames in `data`, one by one: each has a short length and no mask."""
    start = 0
    while start + 2 <= len(data):
        end = start + 2 + data[start + 1]
        yield data[start:end]
        start = end


def is_close(frame: bytes) -> bool:
    """Whether this is the frame that ends a connection."""
    return frame[:1] == bytes((_CLOSE,))
