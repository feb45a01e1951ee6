"""Files on the local disk, public and private."""

import multiprocessing
import os
import stat

import pytest

from wrencos_core.errors import NotFound, TryAgain
from wrencos_core.settings import SettingsError
from wrencos_core.storage.files import Storage, open_storage
from wrencos_core.storage.places import Place, parse_place
from wrencos_core.testing.threads import run_in_threads

NAME = "shop/things/one.png"


@pytest.fixture(params=["storage", "private_files"])
def files(request, platform):
    return getattr(platform, request.param)


def test_what_was_saved_is_read_replaced_and_deleted(files):
    files.save(NAME, b"first")
    assert files.read(NAME) == b"first"
    assert files.exists(NAME)
    files.save(NAME, b"second one")
    assert files.read(NAME) == b"second one"
    assert files.describe(NAME).size == 10
    files.delete(NAME)
    assert not files.exists(NAME)
    files.delete(NAME)
    with pytest.raises(NotFound):
        files.read(NAME)
    with pytest.raises(NotFound):
        list(files.stream(NAME))


def test_a_file_is_streamed_in_pieces(files):
    content = os.urandom(2 * 1024**2 + 5)
    files.save(NAME, content)
    pieces = list(files.stream(NAME))
    assert [len(piece) for piece in pieces] == [1024**2, 1024**2, 5]
    assert b"".join(pieces) == content
    assert b"".join(files.stream(NAME, 10, 1024**2 + 20)) == content[10 : 1024**2 + 20]
    assert b"".join(files.stream(NAME, 10, 10**9)) == content[10:]


def test_a_file_that_is_replaced_while_it_is_read_is_not_mixed(files):
    files.save(NAME, b"a" * 3 * 1024**2)
    pieces = files.stream(NAME)
    next(pieces)
    files.save(NAME, b"b" * 3 * 1024**2)
    with pytest.raises(TryAgain):
        next(pieces)


@pytest.mark.parametrize(
    "name",
    ["one.png", "/etc/passwd", "../x/y", "a/../../b", "a/b\0.png", "A/b", "a//b", "a/.b", "", "a/",
     f"{'a' * 241}/b", f"a/{'b' * 241}", "a" + 260 * "/b"],
)  # fmt: skip
def test_only_names_are_taken(files, name):
    for use in (
        lambda: files.save(name, b"x"),
        lambda: files.read(name),
        lambda: files.delete(name),
        lambda: files.exists(name),
        lambda: next(files.stream(name)),
    ):
        with pytest.raises(ValueError, match="not a storage name"):
            use()


def test_the_longest_names_can_be_stored(files):
    for name in (f"{'a' * 240}/{'B' * 240}", "a" + 255 * "/b"):
        files.save(name, b"x")
        assert files.read(name) == b"x"


def test_a_file_has_no_files_below_it(files):
    files.save(NAME, b"x")
    assert not files.exists(f"{NAME}/two.png")
    for use in (files.read, files.describe, lambda name: next(files.stream(name))):
        with pytest.raises(NotFound):
            use(f"{NAME}/two.png")


def test_private_files_lie_apart_and_have_no_address(platform, client):
    assert platform.private_files.save(NAME, b"secret") == NAME
    with pytest.raises(RuntimeError):
        platform.private_files.url_of(NAME)
    assert not platform.storage.exists(NAME)
    assert client.get(f"/media/{NAME}").status_code == 404
    assert client.get(f"/media/private/{NAME}").status_code == 404
    assert stat.S_IMODE(platform.private_files.root.stat().st_mode) == 0o700


def test_nothing_is_left_of_a_file_that_could_not_be_written(platform):
    blocker = platform.storage.root / "shop"
    platform.storage.root.mkdir(exist_ok=True)
    blocker.write_text("a file where a folder is wanted")
    with pytest.raises(TryAgain):
        platform.storage.save(NAME, b"x")
    blocker.unlink()
    assert list(platform.storage.root.iterdir()) == []


def test_writers_at_once_leave_one_whole_file(files):
    contents = [bytes([number]) * 300_000 for number in range(6)]
    assert [r for r in run_in_threads(6, lambda n: files.save(NAME, contents[n])) if not r] == []
    assert files.read(NAME) in contents
    assert [path.name for path in files.root.rglob("*") if path.is_file()] == ["one.png"]


def test_a_folder_of_ones_own(make_platform, tmp_path):
    platform = make_platform(storage_url=(tmp_path / "a b").as_uri())
    assert platform.storage.save(NAME, b"x") == f"/media/{NAME}"
    platform.private_files.save(NAME, b"y")
    assert (tmp_path / "a b/public" / NAME).read_bytes() == b"x"
    assert (tmp_path / "a b/private" / NAME).read_bytes() == b"y"


def test_an_address_in_front(make_platform):
    platform = make_platform(storage_public_url="https://cdn.example.com/shop/")
    url = f"https://cdn.example.com/shop/{NAME}"
    assert platform.storage.url_of(NAME) == platform.storage.save(NAME, b"x") == url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("file:///srv/files/", Place("file", "", "/srv/files")),
        ("s3://shop", Place("s3", "shop", "")),
        ("s3://shop/a/b/", Place("s3", "shop", "a/b")),
        ("gs://shop/a", Place("gs", "shop", "a")),
    ],
)
def test_places(url, place):
    assert parse_place(url) == place
    assert place.below("public").path == f"{place.path}/public".lstrip("/" if place.bucket else "")


@pytest.mark.parametrize(
    "url",
    ["/srv", "file://host/x", "file:///", "s3:///x", "s3://key:secret@shop", "ftp://x/y",
     "s3://shop?region=x", "gs://shop/../other", "http://shop"],
)  # fmt: skip
def test_what_is_no_place_is_refused_at_start(make_platform, url):
    with pytest.raises(SettingsError, match=r"WRENCOS_STORAGE_URL: must be file:///folder"):
        make_platform(storage_url=url)


def _use_in_fork(storage, answer):
    try:
        storage.exists(NAME)
    except RuntimeError as error:
        answer.send(str(error))


def test_a_fork_of_a_process_that_used_files_is_told_and_does_not_hang(platform):
    storage: Storage = platform.storage
    storage.save(NAME, b"x")
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_use_in_fork, args=(storage, there))
    child.start()
    assert here.poll(20)
    assert "before this process was forked" in here.recv()
    child.join()


def test_private_names_are_hidden_also_when_reading_comes_first(platform, tmp_path):
    settings = platform.settings.model_copy(update={"data_dir": tmp_path / "fresh"})
    _, private = open_storage(settings, {})
    assert not private.exists(NAME)
    assert stat.S_IMODE(private.root.stat().st_mode) == 0o700
