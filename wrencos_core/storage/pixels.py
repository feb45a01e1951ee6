"""Images made safe: read by content within limits, and written anew without what came along."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from wrencos_core.storage.errors import NotAnImage, UnusableImage

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL_WIDTHS = (320, 640, 1280)
# The largest side that WebP can have, and with it a thumbnail.
_LONGEST_SIDE = 16_383
# Each scan of a JPEG goes over all of its pixels again. Encoders write some 10, to the utmost 30.
MOST_SCANS = 64
# What begins a segment of a JPEG: fill bytes before it, data and restart markers are passed over.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_OPTIONS = {
    "JPEG": {"quality": 88, "optimize": True, "progressive": True},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 88, "method": 4},
}
_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


class CleanImage(NamedTuple):
    """An image as it is stored; `digest` is of its content, sizes are in pixels."""

    content: bytes
    content_type: str
    suffix: str
    width: int
    height: int
    digest: str


def clean_image(data: bytes, max_pixels: int) -> CleanImage:
    """The image in `data`, upright, in sRGB, and without metadata or anything around it.

    Raises NotAnImage for anything but JPEG, PNG and WebP, and UnusableImage for one that is
    animated, broken, larger than `max_pixels` or a JPEG of more than MOST_SCANS scans; both sizes
    are found out before it is unpacked.
    """
    image = _opened(data, max_pixels)
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    try:
        upright = _normal(image)
        content = _encoded(upright, kind)
    except Exception as error:
        # A reader of broken files raises nearly anything: OSError, SyntaxError, struct.error, …
        raise UnusableImage("The image is broken or incomplete.") from error
    digest = hashlib.sha256(content).hexdigest()[:32]
    content_type = f"image/{kind.lower()}"
    return CleanImage(content, content_type, _SUFFIXES[kind], *upright.size, digest)


def thumbnails(data: bytes) -> dict[int, bytes]:
    """WebP by width of a clean image, for each width that is less than its own."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        widths = [width for width in THUMBNAIL_WIDTHS if width < image.width]
        if not widths:
            return {}
        # A JPEG is unpacked at a fraction of its size when that is enough.
        image.draft("RGB", (widths[-1] * 2, max(1, image.height * widths[-1] * 2 // image.width)))
        ratio = image.height / image.width
        source = _flat(image)
    sizes = {width: (width, max(1, round(width * ratio))) for width in widths}
    return {
        width: _encoded(source.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), "WEBP")
        for width, size in sizes.items()
    }


def _opened(data: bytes, max_pixels: int) -> Image:
    """The image with its header read, and no more."""
    from PIL import Image, WebPImagePlugin  # noqa: F401 - importing it registers WebP

    if not data.startswith(_SIGNATURES) or (data[:4] == b"RIFF" and data[8:12] != b"WEBP"):
        raise NotAnImage()
    # Pillow makes room for a WebP as soon as it opens it.
    _require_size(_webp_size(data), max_pixels)
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
        frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(max_pixels) from error
    except Exception as error:
        raise UnusableImage("The image is broken or incomplete.") from error
    _require_size(image.size, max_pixels)
    if frames > 1:
        raise UnusableImage("Animated images are not taken.")
    if image.format in ("JPEG", "MPO"):
        _require_few_scans(data)
    return image


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from a WebP's header; (0, 0) for another kind. RFC 9649, 2.5 to 2.7."""
    kind, body = data[12:16], data[20:30]
    if data[:4] != b"RIFF" or len(body) < 10:
        return 0, 0
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(body[4:7], "little"),
            1 + int.from_bytes(body[7:10], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    # Lossy: 14 bits each after the frame tag and the start code, so never beyond the longest side.
    return (
        int.from_bytes(body[6:8], "little") & 0x3FFF,
        int.from_bytes(body[8:10], "little") & 0x3FFF,
    )


def _require_size(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels or max(size) > _LONGEST_SIDE:
        raise _too_large(max_pixels)


def _require_few_scans(data: bytes) -> None:
    """A JPEG of 1 MB may have scans by the thousand, and take minutes to unpack."""
    # Nearly every photo: even with what only looks like a scan there are few.
    if data.count(bytes((0xFF, _SCAN))) <= MOST_SCANS:
        return
    place = scans = 0
    while found := _MARKER.search(data, place):
        marker, place = data[found.start() + 1], found.end()
        if marker == _END:
            return
        if marker == _SCAN:
            scans += 1
            if scans > MOST_SCANS:
                raise UnusableImage(f"A JPEG may have {MOST_SCANS} scans at the most.")
        if marker != _START:
            # What is in a segment, such as a preview in the EXIF, is no part of this picture.
            place += max(2, int.from_bytes(data[place : place + 2], "big"))


def _too_large(max_pixels: int) -> UnusableImage:
    return UnusableImage(
        f"The image may have {max_pixels // 1_000_000} megapixels and sides of {_LONGEST_SIDE} "
        "pixels at the most.",
        maxPixels=max_pixels,
    )


def _normal(image: Image) -> Image:
    """The pixels alone, upright and in sRGB."""
    from PIL import ImageOps

    profile = image.info.get("icc_profile")
    image.load()
    upright = ImageOps.exif_transpose(image)
    return _in_srgb(upright, profile) if profile else _flat(upright)


def _in_srgb(image: Image, profile: bytes) -> Image:
    from PIL import ImageCms

    source = image if image.mode in ("RGB", "RGBA", "CMYK", "L") else _flat(image)
    try:
        converted = ImageCms.profileToProfile(
            source,
            io.BytesIO(profile),
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if source.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile of nonsense, or of another kind of colour: shown as if it were not there.
        return _flat(source)
    return _flat(converted if converted is not None else source)


def _flat(image: Image) -> Image:
    """The image as RGB, or RGBA when any of it may be seen through."""
    if image.mode.startswith("I"):
        # 16 bits a pixel: Pillow would cut off whatever is brighter than 8 bits can say.
        image = image.point(lambda value: value / 256).convert("L")
    see_through = image.mode in ("RGBA", "LA", "PA", "La") or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")


def _encoded(image: Image, kind: str) -> bytes:
    # Pillow writes comments, profiles and XMP that it finds here.
    image.info.clear()
    if kind == "JPEG" and image.mode != "RGB":
        image = image.convert("RGB")
    file = io.BytesIO()
    image.save(file, kind, **_OPTIONS[kind])
    return file.getvalue()
