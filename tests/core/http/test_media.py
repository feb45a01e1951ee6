"""/media: stored files, and nothing else."""

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def stored(platform):
    return platform.storage.save


def test_a_stored_file_is_served(client, stored):
    url = stored("commerce/products/prod_1.png", PNG)
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.data == PNG
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["ETag"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["Content-Security-Policy"] == policy


def test_a_client_that_has_it_gets_304(client, stored):
    url = stored("commerce/products/prod_1.png", PNG)
    tag = client.get(url).headers["ETag"]
    answer = client.get(url, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert answer.data == b""


def test_a_part_of_a_file_is_served(client, stored):
    url = stored("livestream/videos/one.mp4", bytes(range(100)))
    answer = client.get(url, headers={"Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.data == bytes(range(10, 20))


@pytest.mark.parametrize(
    ("name", "forever"),
    [
        ("commerce/products/0123456789abcdef.png", True),
        ("commerce/products/cream-0123456789abcdef0123456789abcdef.webp", True),
        ("commerce/products/cream-0123456789ab.png", False),
        ("commerce/products/prod_01JCV5ZZZZZZZZZZZZZZZZZZZZ.png", False),
        ("commerce/0123456789abcdef/cream.png", False),
    ],
)
def test_only_a_name_with_a_hash_of_the_content_is_cached_for_good(client, stored, name, forever):
    control = client.get(stored(name, PNG)).headers["Cache-Control"]
    assert control == ("public, max-age=31536000, immutable" if forever else "public, max-age=3600")


@pytest.mark.parametrize(
    ("suffix", "content_type", "disposition"),
    [
        ("png", "image/png", "inline"),
        ("jpg", "image/jpeg", "inline"),
        ("JPEG", "image/jpeg", "inline"),
        ("webp", "image/webp", "inline"),
        ("svg", "image/svg+xml", "inline"),
        ("pdf", "application/pdf", "attachment"),
        ("mp4", "video/mp4", "attachment"),
        ("html", "application/octet-stream", "attachment"),
        ("js", "application/octet-stream", "attachment"),
        ("unknown", "application/octet-stream", "attachment"),
    ],
)
def test_types_are_ours_to_say_and_only_images_open_in_place(
    client, stored, suffix, content_type, disposition
):
    answer = client.get(stored(f"commerce/files/one.{suffix}", SVG))
    assert answer.content_type.split(";")[0] == content_type
    assert answer.headers["Content-Disposition"].split(";")[0] == disposition


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secret_key",
        "/media/commerce/../../secret_key",
        "/media/commerce/%2e%2e/%2e%2e/secret_key",
        "/media/commerce/..%2f..%2fsecret_key",
        "/media/commerce/..%5c..%5csecret_key",
        "/media/%2fetc/passwd",
        "/media//etc/passwd",
        "/media/commerce/one.png%00.svg",
        "/media/commerce/.hidden",
        "/media/commerce",
        "/media/commerce/",
        "/media/",
        "/media/none/none.png",
        "/media/commerce/one.png/two.png",
        "/media/commerce/" + "a" * 255 + ".png",
        "/media/commerce" + "/a" * 1900,
    ],
)
def test_nothing_else_is_reachable(client, platform, stored, path):
    stored("commerce/one.png", PNG)
    (platform.settings.data_dir / "secret_key").write_text("the key")
    (platform.storage.root / "commerce" / ".hidden").write_text("the key")
    answer = client.get(path)
    assert answer.status_code in (404, 308)
    assert b"the key" not in client.get(path, follow_redirects=True).data
    assert b"root:" not in answer.data


def test_a_link_that_leads_out_is_not_followed(client, platform, stored):
    stored("commerce/one.png", PNG)
    (platform.settings.data_dir / "outside.png").write_text("the key")
    (platform.storage.root / "commerce" / "two.png").symlink_to(
        platform.settings.data_dir / "outside.png"
    )
    assert client.get("/media/commerce/one.png").status_code == 200
    assert client.get("/media/commerce/two.png").status_code == 404


def test_a_missing_file_is_a_problem_that_is_not_stored(client):
    answer = client.get("/media/commerce/none.png")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["one.png/two.png", "a" * 300, "a/" * 1900 + "a"])
def test_a_name_that_cannot_be_is_no_failure_of_the_disk(client, stored, log_lines, name):
    stored("commerce/one.png", PNG)
    assert client.get(f"/media/commerce/{name}").status_code == 404
    assert log_lines("storage.failed") == []


def test_media_can_only_be_read(client):
    answer = client.put("/media/commerce/one.png", data=PNG)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
