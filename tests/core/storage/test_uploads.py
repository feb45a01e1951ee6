"""POST /api/images and files of views: what is refused leaves nothing behind."""

from pathlib import Path

import pytest

from wrencos_core.testing.modules import load_module

hostile = load_module(Path(__file__).with_name("hostile.py"))


def part(field, data, filename, content_type="image/jpeg"):
    head = f'Content-Disposition: form-data; name="{field}"; filename="{filename}"'
    return f"--frame\r\n{head}\r\nContent-Type: {content_type}\r\n\r\n".encode() + data + b"\r\n"


def post(caller, *parts, path="/api/images"):
    body = b"".join((*parts, b"--frame--\r\n"))
    return caller.post(path, data=body, content_type="multipart/form-data; boundary=frame")


def send(caller, data, filename="photo.jpg", content_type="image/jpeg", field="file"):
    return post(caller, part(field, data, filename, content_type))


@pytest.fixture
def ann(login):
    return login()


def test_an_image_is_uploaded_and_seen(ann, client, picture, platform, opened):
    answer = send(ann, picture(600, 300))
    assert answer.status_code == 201
    assert set(answer.json) == {"imageId", "url", "width", "height"}
    assert (answer.json["width"], answer.json["height"]) == (600, 300)
    shown = client.get(answer.json["url"])
    assert shown.content_type == "image/jpeg"
    assert opened(shown.data).size == (600, 300)
    found = platform.images.find([answer.json["imageId"]])
    assert found[answer.json["imageId"]].url == answer.json["url"]


def test_a_login_is_needed_before_anything_is_read(client, picture, platform, left_behind):
    assert send(client, picture()).status_code == 401
    assert left_behind(platform) == []


@pytest.mark.parametrize("data", list(hostile.NOT_IMAGES.values()), ids=list(hostile.NOT_IMAGES))
def test_what_is_no_image_is_refused_whatever_it_is_called(ann, data, platform, left_behind):
    answer = send(ann, data, "photo.png", "image/png")
    assert answer.status_code == (415 if data else 422)
    assert answer.content_type == "application/problem+json"
    assert left_behind(platform) == []


@pytest.mark.parametrize(
    "data", list(hostile.BROKEN_IMAGES.values()), ids=list(hostile.BROKEN_IMAGES)
)
def test_what_is_broken_or_a_bomb_is_refused(ann, data, platform, left_behind):
    answer = send(ann, data)
    assert answer.status_code == 422
    assert answer.json["type"] == "urn:wrencos:problem:unusable-image"
    assert left_behind(platform) == []


@pytest.mark.parametrize(
    "filename",
    ["../../etc/passwd", "/etc/passwd", "a\0.php", "..\\..\\x.exe", "x.php", "a" * 5000, "../",
     "<script>.svg", "con.jpg", "ảnh.jpg"],
)  # fmt: skip
def test_the_name_of_the_clients_file_is_not_used(ann, picture, platform, filename, left_behind):
    answer = send(ann, picture(), filename)
    assert answer.status_code == 201
    (file,) = [name for name in left_behind(platform) if name.endswith(".jpg") and "-" in name][:1]
    assert answer.json["url"] == f"/media/{file}"
    beside = {path.name for path in platform.settings.data_dir.iterdir()}
    assert beside <= {"files", "private", "secret_key"}


@pytest.mark.parametrize("tail", [hostile.SCRIPT, hostile.zip_of(hostile.SCRIPT)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_served_is_the_image_alone(ann, client, picture, kind, tail):
    url = send(ann, picture(kind=kind) + tail).json["url"]
    shown = client.get(url)
    assert b"script" not in shown.data
    assert tail[-6:] not in shown.data
    assert shown.content_type == f"image/{kind.lower()}"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    shown.close()


def test_exactly_one_file_in_the_right_part(ann, picture, platform, left_behind):
    data = picture()
    wrong = [
        send(ann, data, field="picture"),
        post(ann, part("file", data, "a.jpg"), part("other", data, "b.jpg")),
        post(ann, part("file", data, "a.jpg"), part("file", data, "b.jpg")),
        post(ann, b'--frame\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n'),
        post(ann),
    ]
    assert [answer.status_code for answer in wrong] == [422] * 5
    assert set(wrong[0].json["errors"]) == {"file"}
    assert left_behind(platform) == []


@pytest.mark.parametrize("boundary", ["; boundary=x", "", "; boundary="])
def test_what_is_no_form_is_refused(ann, boundary, platform, left_behind):
    form = f"multipart/form-data{boundary}"
    answer = ann.post("/api/images", data=b"no boundary here", content_type=form)
    assert answer.status_code == 400
    assert left_behind(platform) == []


def test_other_kinds_of_body_are_refused(ann, picture, platform, left_behind):
    for content_type in ("image/jpeg", "application/json", "application/x-www-form-urlencoded"):
        answer = ann.post("/api/images", data=picture(), content_type=content_type)
        assert answer.status_code == 415
    assert left_behind(platform) == []


def test_many_parts_are_refused(ann, picture, platform, left_behind):
    answer = post(ann, *(part("file", b"x", "a.jpg") for _ in range(50)))
    assert answer.status_code == 413
    assert left_behind(platform) == []


def test_larger_than_the_setting(make_platform, make_app, picture, left_behind):
    from wrencos_core.testing.accounts import Logins

    platform = make_platform(upload_max_bytes=50_000)
    ann = Logins(platform, make_app(platform))()
    for size in (50_001, 60_000, 5_000_000):
        data = picture()
        answer = send(ann, data + bytes(size - len(data)))
        assert answer.status_code == 413
        assert answer.json["type"] == "urn:wrencos:problem:request-entity-too-large"
    assert left_behind(platform) == []
    assert send(ann, data + bytes(50_000 - len(data))).status_code == 201


def test_an_upload_may_be_larger_than_other_bodies(ann, platform):
    data = hostile.jpeg()
    limit = platform.settings.max_body_kb * 1024
    assert send(ann, data + bytes(limit)).status_code == 201


@pytest.mark.rate_limits
def test_uploads_are_limited(ann, picture):
    answers = [send(ann, b"").status_code for _ in range(31)]
    assert answers == [422] * 30 + [429]


def test_the_form_is_documented(client):
    paths = client.get("/openapi.json").json["paths"]
    upload = paths["/api/images"]["post"]
    content = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert content["properties"]["file"] == {"type": "string", "format": "binary"}
    assert content["required"] == ["file"]
    assert {"201", "401", "413", "415", "422", "429"} <= set(upload["responses"])
    paper = paths["/api/walls/papers"]["post"]["requestBody"]["content"]
    assert list(paper["multipart/form-data"]["schema"]["properties"]) == ["paper"]


def test_a_private_file_is_sent_to_whom_the_view_lets(login):
    ann, bob = login(), login()
    paper = part("paper", b"%PDF the salary", "x.pdf")
    assert post(ann, paper, path="/api/walls/papers").status_code == 204
    answer = ann.get("/api/walls/papers/mine")
    assert answer.data == b"%PDF the salary"
    assert answer.content_type == "application/pdf"
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert "\r" not in headers["Content-Disposition"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    first = ann.get("/api/walls/papers/mine", headers={"Range": "bytes=0-3"})
    assert (first.status_code, first.data) == (206, b"%PDF")
    assert bob.get("/api/walls/papers/mine").status_code == 404


def test_a_view_has_its_own_limit(login):
    for size, status in ((200_001, 413), (200_000, 204)):
        paper = part("paper", bytes(size), "x.pdf")
        assert post(login(), paper, path="/api/walls/papers").status_code == status
