"""Images of documents: stored once, claimed by an owner, and deleted when nothing uses them."""

import threading
from datetime import timedelta
from functools import partial

import pytest

from wrencos_core.database import transaction
from wrencos_core.errors import Conflict, Invalid, NotFound, TooManyRequests, TryAgain
from wrencos_core.identity import SYSTEM, Identity, Role
from wrencos_core.storage import sweeping
from wrencos_core.storage.errors import UploadTooLarge
from wrencos_core.storage.models import Image, ImageFile
from wrencos_core.testing.threads import run_in_threads

FOLDER = "gallery/pictures"
ANN = Identity("user_ann", Role.CUSTOMER)
BOB = Identity("user_bob", Role.CUSTOMER)
CLERK = Identity("user_clerk", Role.STAFF)


@pytest.fixture
def images(platform):
    return platform.images


def files(platform):
    root = platform.storage.root
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def sweep(platform):
    platform.jobs.get("core.sweep_images").handler()


def sweep_all(platform, clock):
    """Long enough for every file that nothing uses to be gone."""
    sweep(platform)
    clock.advance(timedelta(hours=2))
    sweep(platform)


def test_an_image_is_stored_processed_and_told(images, platform, picture, run_jobs, outbox_events):
    image = images.store(picture(700, 350), FOLDER, ANN)
    assert image.id.startswith("img_")
    assert image.name.startswith(f"{FOLDER}/")
    assert image.url == f"/media/{image.name}"
    assert (image.width, image.height, image.thumbnails) == (700, 350, {})
    assert run_jobs() == 2  # the thumbnails, and the gallery's subscriber
    (event,) = outbox_events("core.image_processed")
    assert event["payload"]["image_id"] == image.id
    assert list(event["payload"]["thumbnails"]) == ["320", "640"]
    found = images.find([image.id, "img_none"])[image.id]
    assert found.thumbnails == event["payload"]["thumbnails"]
    assert len(files(platform)) == 3


def test_its_addresses_are_cached_for_good(images, client, picture, run_jobs):
    image = images.store(picture(700, 350, "PNG"), FOLDER, ANN)
    run_jobs()
    for url in (image.url, *images.find([image.id])[image.id].thumbnails.values()):
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Disposition"] == "inline"
        answer.close()


def test_the_job_run_twice_does_it_once(images, platform, picture, run_jobs, outbox_events):
    image = images.store(picture(700, 350), FOLDER, ANN)
    run_jobs()
    before = files(platform)
    run_in_threads(3, lambda n: images.make_thumbnails(image.id))
    run_jobs()
    assert files(platform) == before
    assert len(outbox_events("core.image_processed")) == 1


def test_a_job_that_was_killed_half_way_is_made_up_for(images, platform, picture, monkeypatch):
    image = images.store(picture(1500, 700), FOLDER, ANN)
    save, saved = platform.storage.save, []

    def dies(name, *rest):
        if len(saved) == 1:
            raise KeyboardInterrupt
        saved.append(save(name, *rest))

    with monkeypatch.context() as patch:
        patch.setattr(platform.storage, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            images.make_thumbnails(image.id)
    assert images.find([image.id])[image.id].thumbnails == {}
    images.make_thumbnails(image.id)
    assert len(images.find([image.id])[image.id].thumbnails) == 3
    assert len(files(platform)) == 4


def test_thumbnails_whose_job_was_lost_are_queued_by_the_sweep(
    images, platform, picture, run_jobs, clock
):
    image = images.store(picture(700, 350), FOLDER, ANN)
    platform.redis.flushdb()
    sweep(platform)
    assert run_jobs() == 0
    clock.advance(timedelta(minutes=11))
    sweep(platform)
    run_jobs()
    assert images.find([image.id])[image.id].thumbnails


def test_an_owner_claims_in_its_transaction(images, platform, picture, gallery, run_jobs, clock):
    image = images.store(picture(700, 350), FOLDER, ANN)
    wall = gallery.hang(platform, [image.id], ANN)
    run_jobs()
    wall.reload()
    assert wall.processed == [image.id]
    clock.advance(timedelta(days=3))
    sweep_all(platform, clock)
    assert len(files(platform)) == 3
    (again,) = transaction(lambda: images.claim([image.id], wall.id, BOB))
    assert set(again.thumbnails) == {"320", "640"}


def test_a_claim_that_is_rolled_back_claims_nothing(images, platform, picture, gallery, clock):
    image = images.store(picture(), FOLDER, ANN)
    with pytest.raises(Invalid):
        gallery.hang(platform, [image.id], ANN, fail=True)
    clock.advance(timedelta(hours=25))
    sweep_all(platform, clock)
    assert files(platform) == []
    assert ImageFile.raw().count_documents({}) == Image.raw().count_documents({}) == 0


def test_only_its_uploader_and_staff_can_claim_an_image(images, platform, picture, gallery):
    image = images.store(picture(), FOLDER, ANN)
    for stranger in (BOB, Identity()):
        with pytest.raises(NotFound):
            gallery.hang(platform, [image.id], stranger)
    with pytest.raises(NotFound):
        gallery.hang(platform, ["img_none"], CLERK)
    gallery.hang(platform, [image.id], CLERK)
    with pytest.raises(Conflict):
        gallery.hang(platform, [image.id], ANN)


def test_claims_and_releases_belong_in_a_transaction(images, picture):
    image = images.store(picture(), FOLDER, ANN)
    with pytest.raises(RuntimeError):
        images.claim([image.id], "wall_1", ANN)
    with pytest.raises(RuntimeError):
        images.release([image.id], "wall_1")
    with pytest.raises(RuntimeError):
        transaction(lambda: images.store(picture(), FOLDER, ANN))


def test_what_is_released_goes_and_nothing_else_does(images, platform, picture, gallery, clock):
    kept, gone = (images.store(picture(color=(n, n, n)), FOLDER, ANN) for n in (1, 90))
    first, second = (gallery.hang(platform, [image.id], ANN) for image in (kept, gone))
    transaction(lambda: images.release([kept.id], second.id))
    gallery.take_down(platform, second)
    sweep_all(platform, clock)
    assert files(platform) == [kept.name]
    assert set(images.find([kept.id, gone.id])) == {kept.id}
    assert first.images == [kept.id]


def test_the_same_content_is_one_file_until_its_last_use_ends(
    images, platform, picture, gallery, run_jobs, clock
):
    one, other = (images.store(picture(700, 350), FOLDER, who) for who in (ANN, BOB))
    assert one.id != other.id
    assert one.name == other.name
    assert len(files(platform)) == 1
    walls = [gallery.hang(platform, [i.id], who) for i, who in ((one, ANN), (other, BOB))]
    run_jobs()
    gallery.take_down(platform, walls[0])
    sweep_all(platform, clock)
    assert len(files(platform)) == 3
    gallery.take_down(platform, walls[1])
    sweep_all(platform, clock)
    assert files(platform) == []


def test_an_upload_of_what_is_being_deleted_gets_a_file_of_its_own(
    images, platform, picture, gallery, clock
):
    first = images.store(picture(), FOLDER, ANN)
    clock.advance(timedelta(hours=25))
    sweep(platform)
    second = images.store(picture(), FOLDER, ANN)
    assert second.name != first.name
    clock.advance(timedelta(hours=2))
    sweep(platform)
    assert files(platform) == [second.name]


def test_a_sweep_that_was_interrupted_is_finished_by_the_next(
    images, platform, picture, clock, monkeypatch
):
    images.store(picture(), FOLDER, ANN)
    clock.advance(timedelta(hours=25))
    sweep(platform)
    clock.advance(timedelta(hours=2))

    def away(name):
        raise TryAgain()

    with monkeypatch.context() as patch:
        patch.setattr(platform.storage, "delete", away)
        with pytest.raises(TryAgain):
            sweep(platform)
    assert len(files(platform)) == 1
    sweep(platform)
    assert files(platform) == []
    assert ImageFile.raw().count_documents({}) == 0


def test_an_image_that_could_not_be_stored_can_not_be_used(
    images, platform, picture, monkeypatch, clock
):
    def away(*_):
        raise TryAgain()

    with monkeypatch.context() as patch:
        patch.setattr(platform.storage, "save", away)
        with pytest.raises(TryAgain):
            images.store(picture(), FOLDER, ANN)
    row = Image.raw().find_one({})
    assert images.find([row["_id"]]) == {}
    with pytest.raises(NotFound):
        transaction(lambda: images.claim([row["_id"]], "wall_1", ANN))
    sweep_all(platform, clock)
    assert Image.raw().count_documents({}) == ImageFile.raw().count_documents({}) == 0


def test_many_uploads_of_one_content_at_once_share_its_file(images, platform, picture):
    data = picture()
    stored = run_in_threads(8, lambda n: images.store(data, FOLDER, ANN))
    assert len({image.id for image in stored}) == 8
    assert files(platform) == [stored[0].name]
    assert {image.name for image in stored} == {stored[0].name}


def test_a_claim_and_a_sweep_at_once_have_one_winner(images, platform, picture, gallery, clock):
    for number in range(15):
        image = images.store(picture(kind="PNG", color=(number, 0, 0)), FOLDER, ANN)
        clock.advance(timedelta(hours=25))

        def act(who, image=image):
            return gallery.hang(platform, [image.id], ANN) if who == 0 else sweep(platform)

        claimed, _ = run_in_threads(2, act)
        clock.advance(timedelta(hours=2))
        sweep(platform)
        if isinstance(claimed, NotFound):
            assert not platform.storage.exists(image.name)
        else:
            assert platform.storage.exists(image.name)
            assert claimed.images == [image.id]


def test_a_sweep_leaves_what_was_claimed_after_it_looked(
    images, platform, picture, gallery, clock, monkeypatch
):
    image = images.store(picture(), FOLDER, ANN)
    clock.advance(timedelta(hours=25))

    def claimed_first(work):
        gallery.hang(platform, [image.id], ANN)
        return transaction(work)

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "transaction", claimed_first)
        sweep(platform)
    sweep_all(platform, clock)
    assert files(platform) == [image.name]
    assert images.find([image.id])


def test_two_sweeps_that_each_take_one_of_the_last_two_uses_delete_the_file(
    images, platform, picture, clock
):
    """Or each would see the other's image, leave the file to it, and nobody deletes it."""
    first, second = (images.store(picture(), FOLDER, who) for who in (ANN, BOB))
    clock.advance(timedelta(hours=25))
    others = []

    def give_up_first():
        sweeping._give_up(first.id)
        if not others:
            work = partial(transaction, partial(sweeping._give_up, second.id))
            others.append(threading.Thread(target=work))
            others[0].start()
            others[0].join(1)

    transaction(give_up_first)
    others[0].join()
    sweep_all(platform, clock)
    assert Image.raw().count_documents({}) == 0
    assert files(platform) == []


def test_an_upload_and_a_sweep_of_its_content_at_once(images, platform, picture, clock):
    for number in range(15):
        data = picture(kind="PNG", color=(number, 9, 9))
        images.store(data, FOLDER, ANN)
        clock.advance(timedelta(hours=25))

        def act(who, data=data):
            return images.store(data, FOLDER, BOB) if who == 0 else sweep(platform)

        image, _ = run_in_threads(2, act)
        clock.advance(timedelta(hours=2))
        sweep(platform)
        assert platform.storage.exists(image.name)


def test_sweeps_at_once_forget_no_file(images, platform, picture, clock):
    for number in range(6):
        for who in (ANN, BOB):
            images.store(picture(kind="PNG", color=(number, 0, 0)), FOLDER, who)
    clock.advance(timedelta(hours=25))
    assert run_in_threads(4, lambda n: sweep(platform)) == [None] * 4
    clock.advance(timedelta(hours=2))
    assert run_in_threads(4, lambda n: sweep(platform)) == [None] * 4
    assert files(platform) == []
    assert Image.raw().count_documents({}) == ImageFile.raw().count_documents({}) == 0


def test_a_user_has_so_many_images_that_nothing_uses(make_platform, picture, gallery):
    platform = make_platform(upload_unclaimed_per_user=2)
    first = platform.images.store(picture(), FOLDER, ANN)
    platform.images.store(picture(), FOLDER, ANN)
    with pytest.raises(TooManyRequests):
        platform.images.store(picture(), FOLDER, ANN)
    platform.images.store(picture(), FOLDER, BOB)
    for _ in range(3):
        platform.images.store(picture(), FOLDER, SYSTEM)
    gallery.hang(platform, [first.id], ANN)
    platform.images.store(picture(), FOLDER, ANN)


def test_larger_than_allowed(make_platform, picture, left_behind):
    platform = make_platform(upload_max_bytes=1024)
    with pytest.raises(UploadTooLarge):
        platform.images.store(picture() + bytes(1024), FOLDER, ANN)
    assert left_behind(platform) == []


def test_a_folder_is_a_storage_name(images, platform, picture, left_behind):
    for folder in ("../etc", "/etc", "", "A"):
        with pytest.raises(ValueError, match="not a storage name"):
            images.store(picture(), folder, ANN)
    assert left_behind(platform) == []


def test_a_user_is_told_of_their_images_and_they_are_forgotten(
    images, platform, picture, gallery, clock
):
    used, unused = (images.store(picture(color=(n, 0, 0)), FOLDER, ANN) for n in (1, 99))
    wall = gallery.hang(platform, [used.id], ANN)
    told = platform.hook.export_personal_data(platform=platform, user_id="user_ann")
    (rows,) = [
        data.sections["uploaded_images"] for data in told if "uploaded_images" in data.sections
    ]
    users = {row["id"]: row["used_by"] for row in rows}
    assert users == {used.id: wall.id, unused.id: None}
    transaction(lambda: platform.hook.erase_personal_data(platform=platform, user_id="user_ann"))
    assert Image.raw().count_documents({"uploaded_by": "user_ann"}) == 0
    sweep_all(platform, clock)
    assert files(platform) == [used.name]
