"""Images are read within limits and come out with nothing but their pixels."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageCms

from wrencos_core.storage.errors import NotAnImage, UnusableImage
from wrencos_core.storage.pixels import MOST_SCANS, clean_image, thumbnails
from wrencos_core.testing.modules import load_module

hostile = load_module(Path(__file__).with_name("hostile.py"))
LIMIT = 40_000_000


def clean(data, limit=LIMIT):
    return clean_image(data, limit)


@pytest.mark.parametrize("data", list(hostile.NOT_IMAGES.values()), ids=list(hostile.NOT_IMAGES))
def test_what_is_no_image_is_refused(data):
    with pytest.raises(NotAnImage):
        clean(data)


@pytest.mark.parametrize(
    "data", list(hostile.BROKEN_IMAGES.values()), ids=list(hostile.BROKEN_IMAGES)
)
def test_what_is_broken_or_a_bomb_is_refused(data):
    with pytest.raises(UnusableImage):
        clean(data)


def test_a_jpeg_may_have_as_many_scans_as_any_camera_or_encoder_writes(picture):
    assert clean(hostile.jpeg_of_scans(MOST_SCANS)).width == 64
    with pytest.raises(UnusableImage, match="scans"):
        clean(hostile.jpeg_of_scans(MOST_SCANS + 1))
    assert clean(picture(60, 40, "JPEG", progressive=True)).width == 60


def test_what_only_looks_like_scans_is_not_counted(picture):
    rubbish = b"\xff\xda\0\x08" * 2000
    # A film behind the photo, as some telephones write it, and a comment.
    assert clean(picture(60, 40, "JPEG") + rubbish).width == 60
    assert clean(picture(60, 40, "JPEG", comment=rubbish)).width == 60
    assert clean(picture(60, 40, "PNG") + rubbish).width == 60


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_image_is_refused_or_becomes_an_image(kind, data):
    file = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(file, kind)
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = clean(bytes(content), 100_000)
    except (NotAnImage, UnusableImage):
        return
    with Image.open(io.BytesIO(image.content)) as again:
        again.load()
        assert again.size == (image.width, image.height)


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_the_kind_and_the_size_stay(picture, opened, kind, suffix):
    image = clean(picture(61, 40, kind))
    assert (image.width, image.height, image.suffix) == (61, 40, suffix)
    assert image.content_type == f"image/{kind.lower()}"
    assert opened(image.content).format == kind
    assert clean(picture(61, 40, kind)).digest == image.digest
    assert clean(picture(61, 40, kind, color=(0, 0, 0))).digest != image.digest


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_on_an_image_is_gone(picture, kind):
    for tail in (hostile.zip_of(hostile.SCRIPT), hostile.SCRIPT, b"<?php system($_GET[0]);"):
        image = clean(picture(60, 40, kind) + tail)
        assert tail not in image.content
        assert b"script" not in image.content
        assert not image.content.endswith(tail[-8:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_survives(picture, opened, kind):
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (10.0, 46.0, 30.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"exif": exif, "icc_profile": profile}
    if kind == "JPEG":
        options["comment"] = b"SECRET-COMMENT"
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", "SECRET-COMMENT")
    if kind != "PNG":
        options["xmp"] = b"<x:xmpmeta>SECRET-XMP</x:xmpmeta>"
    data = picture(60, 40, kind, **options)
    assert b"SECRET" in data
    content = clean(data).content
    assert b"SECRET" not in content
    assert b"Exif" not in content
    assert b"eXIf" not in content
    again = opened(content)
    assert dict(again.getexif()) == {}
    assert not {"exif", "icc_profile", "comment", "Comment", "xmp"} & set(again.info)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_upright(orientation, encode, opened):
    original = Image.new("RGB", (64, 32), "white")
    original.paste("red", (0, 0, 32, 16))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera did, by EXIF's number
    lying = original.transpose(turns[orientation]) if orientation in turns else original
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = clean(encode(lying, "PNG", exif=exif))
    assert (image.width, image.height) == (64, 32)
    again = opened(image.content).convert("RGB")
    assert again.getpixel((4, 4)) == (255, 0, 0)
    assert again.getpixel((60, 4)) == again.getpixel((4, 28)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_taken(mode, encode, opened):
    value = {"LA": (200, 128), "RGB": (200, 200, 200), "RGBA": (9, 9, 9, 128), "I;16": 200 * 256}
    original = Image.new(mode, (40, 30), value.get(mode, 1 if mode == "1" else 200))
    image = opened(clean(encode(original, "PNG")).content)
    assert image.size == (40, 30)
    assert image.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    if mode in ("L", "I;16", "RGB"):
        assert image.getpixel((1, 1)) == (200, 200, 200)


def test_a_cmyk_jpeg_becomes_rgb(encode, opened):
    image = clean(encode(Image.new("CMYK", (40, 30), (0, 0, 0, 0)), "JPEG"))
    assert opened(image.content).mode == "RGB"


def test_colours_are_converted_to_srgb(picture, opened):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
    assert clean(picture(kind="PNG", icc_profile=lab)).width == 60  # no profile of RGB: ignored
    assert clean(picture(kind="PNG", icc_profile=b"nonsense" * 40)).width == 60


def test_a_photo_of_several_pictures_is_taken_as_its_first(encode, opened):
    first, second = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (30, 20), "blue")
    data = encode(first, "MPO", save_all=True, append_images=[second])
    image = clean(data)
    assert (image.width, image.height, image.suffix) == (60, 40, "jpg")
    assert len(image.content) < len(data)


def test_pixels_are_counted_before_they_are_unpacked(picture):
    assert clean(picture(100, 100), 10_000).width == 100
    with pytest.raises(UnusableImage) as refused:
        clean(picture(101, 100), 10_000)
    assert refused.value.extra == {"maxPixels": 10_000}


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (200, []),
        (320, []),
        (321, [320]),
        (640, [320]),
        (1000, [320, 640]),
        (1500, [320, 640, 1280]),
    ],
)
def test_thumbnails_are_never_enlarged(picture, opened, width, expected):
    made = thumbnails(clean(picture(width, width // 2)).content)
    assert list(made) == expected
    for size, content in made.items():
        thumbnail = opened(content)
        assert thumbnail.format == "WEBP"
        assert thumbnail.size == (size, round(width // 2 * size / width))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(2000, 1), (330, 16_000), (16_383, 2)])
def test_thumbnails_of_extreme_shapes(picture, opened, size, kind):
    made = thumbnails(clean(picture(*size, kind)).content)
    assert made
    for width, content in made.items():
        assert opened(content).width == width
