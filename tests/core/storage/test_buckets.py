"""Files in buckets, against a server that speaks S3 and GCS's XML protocol."""

import urllib.error

import pytest

from wrencos_core.errors import NotFound, TryAgain

NAME = "shop/things/one.png"
HASHED = "shop/things/0123456789abcdef.png"


@pytest.fixture(params=["s3", "gs"])
def platform(request, bucket_server, make_platform):
    return make_platform(storage_url=f"{request.param}://shop/{request.param}/wrencos")


@pytest.fixture
def prefix(platform):
    return platform.settings.storage_url.partition("//shop/")[2]


def test_a_round_trip(platform):
    for files in (platform.storage, platform.private_files):
        files.save(NAME, b"first")
        files.save(NAME, b"0123456789")
        assert files.read(NAME) == b"0123456789"
        assert files.describe(NAME).size == 10
        assert b"".join(files.stream(NAME, 2, 5)) == b"234"
        assert files.exists(NAME)
        files.delete(NAME)
        assert not files.exists(NAME)
        files.delete(NAME)
        with pytest.raises(NotFound):
            files.read(NAME)


def test_large_content_is_whole(platform):
    content = bytes(range(256)) * 4 * 1024 * 7
    platform.storage.save(NAME, content)
    assert b"".join(platform.storage.stream(NAME)) == content


def test_public_and_private_files_lie_below_the_prefix(platform, prefix, bucket_server, object_in):
    platform.storage.save(HASHED, b"seen", "image/png")
    platform.private_files.save("pay/slips/one.pdf", b"secret")
    content, headers = object_in(bucket_server, f"{prefix}/public/{HASHED}")
    assert content == b"seen"
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    content, headers = object_in(bucket_server, f"{prefix}/private/pay/slips/one.pdf")
    assert content == b"secret"
    assert headers["Cache-Control"] is None
    with pytest.raises(urllib.error.HTTPError):
        object_in(bucket_server, f"{prefix}/public/pay/slips/one.pdf")


def test_the_app_serves_public_files_alone(platform, make_app):
    client = make_app(platform).test_client()
    platform.storage.save(NAME, b"0123456789")
    platform.private_files.save("pay/slips/one.png", b"secret")
    answer = client.get(f"/media/{NAME}")
    assert answer.data == b"0123456789"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"/media/{NAME}", headers=tag).status_code == 304
    part = client.get(f"/media/{NAME}", headers={"Range": "bytes=-3"})
    assert (part.status_code, part.data) == (206, b"789")
    assert client.get("/media/pay/slips/one.png").status_code == 404
    assert client.get("/media/none/none.png").status_code == 404


def test_readiness_says_that_the_bucket_is_there(platform, make_app):
    answer = make_app(platform).test_client().get("/ready")
    assert {"name": "files", "status": "ok"} in answer.json["checks"]


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_missing_bucket_is_told_without_an_address(
    make_platform, make_app, bucket_server, scheme
):
    platform = make_platform(storage_url=f"{scheme}://no-such-bucket/x")
    client = make_app(platform).test_client()
    answer = client.get("/ready")
    (check,) = [check for check in answer.json["checks"] if check["name"] == "files"]
    assert answer.status_code == 503
    assert check["problem"] == "the bucket does not exist"
    with pytest.raises(TryAgain):
        platform.storage.save(NAME, b"x")
    with pytest.raises(TryAgain):
        platform.storage.delete(NAME)


def test_a_server_that_is_away_is_a_503_and_told_by_readiness(
    make_platform, make_app, monkeypatch, unused_address
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", unused_address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    platform = make_platform(storage_url="s3://away")
    client = make_app(platform).test_client()
    problem = client.get("/ready").json["checks"]
    (check,) = [check for check in problem if check["name"] == "files"]
    assert check["problem"] == "the bucket can't be reached (GenericError)"
    answer = client.get(f"/media/{NAME}")
    assert answer.status_code == 503
    assert unused_address not in answer.text


def test_credentials_may_stand_in_dotenv(bucket_server, monkeypatch):
    from wrencos_core.storage.files import Storage
    from wrencos_core.storage.places import parse_place

    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    environ = {
        "AWS_ENDPOINT_URL": bucket_server,
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
    }
    files = Storage(parse_place("s3://shop/dotenv"), environ)
    files.save(NAME, b"x")
    assert files.read(NAME) == b"x"
