"""What the tests of brands, texts and pictures share."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from wrencos_core.testing.callers import Caller

Picture = Callable[[int], bytes]


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


@pytest.fixture
def picture() -> Picture:
    """Returns `picture(number)`: a PNG of 400 by 300 pixels, another one for each number."""

    def picture(number: int) -> bytes:
        image = Image.new("RGB", (400, 300), (number % 256, number // 256, 80))
        content = io.BytesIO()
        image.save(content, "PNG")
        return content.getvalue()

    return picture


@pytest.fixture
def upload(picture: Picture) -> Callable[[Caller, int], str]:
    """Returns `upload(caller, number)`: uploads an image, and its id."""

    def upload(caller: Caller, number: int = 1) -> str:
        form = {"file": (io.BytesIO(picture(number)), "photo.png")}
        answer = caller.post("/api/images", data=form, content_type="multipart/form-data")
        assert answer.status_code == 201, answer.json
        assert answer.json is not None
        return str(answer.json["imageId"])

    return upload
