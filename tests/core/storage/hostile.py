"""Files made to break a reader or a browser; each must be refused, or come out clean."""

import io
import struct
import zipfile
import zlib

from PIL import Image

SCRIPT = b"<html><script>alert(document.domain)</script></html>"


def _bytes(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width=50_000, height=50_000):
    """A few kilobytes that claim to be gigabytes of one colour."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + width // 8) * 500, 9)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_text_bomb():
    """A comment that unpacks to 100 MB."""
    plain = _bytes(Image.new("RGB", (8, 8)), "PNG")
    text = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    return plain[:33] + _chunk(b"zTXt", text) + plain[33:]


def webp_bomb():
    """A header that asks for 16384 x 16384 pixels of two canvases."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4)
    body += (16_383).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", len(body)) + body


def zip_of(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.html", content)
    return file.getvalue()


def animated(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    return _bytes(frames[0], kind, save_all=True, append_images=frames[1:])


def jpeg():
    return _bytes(Image.effect_noise((300, 200), 80).convert("RGB"), "JPEG")


def jpeg_of_scans(scans, side=64, filler=b"", lead=b""):
    """A progressive JPEG in grey whose every scan after the first says "nothing new" of all.

    `filler` stands between its scans, `lead` before the first.
    """
    blocks = ((side + 7) // 8) ** 2
    body = _segment(0xDB, b"\0" + bytes([1] * 64))
    body += _segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\0")
    body += _segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0")
    body += _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0") + lead
    body += _segment(0xDA, b"\x01\x01\0\0\0\0") + _bits("0" * blocks)
    empty = _segment(0xDA, b"\x01\x01\0\x01\x3f\0") + _bits("0" * blocks)
    return b"\xff\xd8" + body + (filler + empty) * (scans - 1) + b"\xff\xd9"


def _segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _bits(text):
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


NOT_IMAGES = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"hello",
    "html": SCRIPT,
    "svg with script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg with declaration": b'<?xml version="1.0"?><svg onload="alert(1)"></svg>',
    "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "zip": zip_of(SCRIPT),
    "gif": _bytes(Image.new("P", (8, 8)), "GIF"),
    "gif that is javascript": b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)",
    "bmp": _bytes(Image.new("RGB", (8, 8)), "BMP"),
    "tiff": _bytes(Image.new("RGB", (8, 8)), "TIFF"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) run",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
}

BROKEN_IMAGES = {
    "jpeg signature alone": b"\xff\xd8\xff",
    "html after a jpeg signature": b"\xff\xd8\xff\xe0" + SCRIPT,
    "png signature alone": b"\x89PNG\r\n\x1a\n",
    "html after a png signature": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "webp header alone": b"RIFF\x24\0\0\0WEBPVP8 ",
    "truncated jpeg": jpeg()[:-2000],
    "truncated png": _bytes(Image.effect_noise((200, 200), 80), "PNG")[:-3000],
    "truncated webp": _bytes(Image.effect_noise((200, 200), 80).convert("RGB"), "WEBP")[:-900],
    "png of wrong data": _bytes(Image.new("RGB", (8, 8)), "PNG").replace(b"IDATx", b"IDATy"),
    "png bomb": png_bomb(),
    "flat png bomb": png_bomb(100_000, 100),
    "png text bomb": png_text_bomb(),
    "webp bomb": webp_bomb(),
    "jpeg of many scans": jpeg_of_scans(2000),
    "jpeg of many scans with fill bytes": jpeg_of_scans(2000, filler=b"\xff\xff"),
    "jpeg of many scans with rubbish between": jpeg_of_scans(2000, filler=b"\x07\xff\0\xff\xd3"),
    "jpeg of many scans with comments": jpeg_of_scans(2000, filler=_segment(0xFE, b"\xff\xd9")),
    "jpeg of many scans with empty comments": jpeg_of_scans(2000, filler=b"\xff\xfe\0\0"),
    "animated png": animated("PNG"),
    "animated webp": animated("WEBP"),
}  # fmt: skip
