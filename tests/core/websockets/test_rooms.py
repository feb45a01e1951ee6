"""Rooms: everyone gets everything once and in order, over processes, drops and restarts."""

import threading
import time
from pathlib import Path

import pytest

from wrencos_core.api import transaction
from wrencos_core.testing.processes import LiveServer
from wrencos_core.testing.waiting import wait_until


@pytest.fixture
def second_server(platform, request):
    """Another web server on the same platform, as on another machine."""
    live = LiveServer(platform, request.config.rootpath)
    try:
        live.start()
        yield live
    finally:
        live.stop()


def numbers(made, until):
    found = []
    while not found or found[-1] != until:
        found.append(made.receive()["n"])
    return found


def cut_subscriptions(platform):
    """Cut those of this test's servers, and how many there were."""
    name = platform.rooms.client_name
    mine = [it for it in platform.redis.client_list(_type="pubsub") if it["name"] == name]
    return sum(platform.redis.client_kill_filter(_id=it["id"]) for it in mine)


def test_a_room_spans_the_workers_of_a_server(follow, platform):
    sockets = [follow("wide")[0] for _ in range(12)]
    for n in range(20):
        platform.rooms.publish("room:wide", {"n": n})
    for made in sockets:
        assert numbers(made, 19) == list(range(20))


def test_what_a_client_says_reaches_the_others_with_its_number(follow):
    (first, joined), (second, _) = follow("talk"), follow("talk")
    first.send({"type": "message", "message": "Chào"})
    expected = {
        "room": "room:talk",
        "seq": joined["seq"] + 1,
        "type": "message",
        "message": "Chào",
    }
    assert first.receive() == second.receive() == expected


def test_rooms_do_not_mix(follow, platform):
    made, _ = follow("one")
    platform.rooms.publish("room:other", {"n": 1})
    platform.rooms.publish("room:one", {"n": 2})
    assert made.receive()["n"] == 2


def test_a_worker_process_publishes(follow, platform, worker):
    made, _ = follow("jobs")
    platform.jobs.enqueue("room.announce_text", name="jobs", text="from a job")
    assert made.receive()["text"] == "from a job"


def test_nothing_is_published_before_the_commit(follow, platform):
    made, _ = follow("commit")

    def fail():
        platform.rooms.publish("room:commit", {"n": 1})
        raise LookupError

    with pytest.raises(LookupError):
        transaction(fail)
    transaction(lambda: platform.rooms.publish("room:commit", {"n": 2}))
    assert made.receive()["n"] == 2


def test_catching_up_over_servers_is_exactly_once_and_in_order(
    follow, platform, live, second_server
):
    """A client that is killed again and again, back on another server, while others publish."""
    total = 200
    found = []

    def publish():
        for n in range(total):
            # No further ahead than the history reaches.
            wait_until(lambda ahead=n: ahead - len(found) < 30, "the reader")
            platform.rooms.publish("room:live", {"n": n})

    made, joined = follow("live")
    last = joined["seq"]
    publisher = threading.Thread(target=publish)
    publisher.start()
    servers = [second_server, live]
    while len(found) < total:
        for _ in range(7):
            message = made.receive()
            last = message["seq"]
            found.append(message["n"])
            if len(found) == total:
                break
        else:
            made.drop()
            made, joined = follow("live", after=last, of=servers[len(found) % 2])
            assert joined["seq"] == last
            assert joined["complete"]
    publisher.join()
    assert found == list(range(total))


def test_catching_up_says_when_something_is_missing(follow, platform):
    made, joined = follow("long")
    made.drop()
    for n in range(51):
        platform.rooms.publish("room:long", {"n": n})
    back, notice = follow("long", after=joined["seq"])
    assert notice["complete"] is False
    assert numbers(back, 50) == list(range(1, 51))
    whole, notice = follow("long", after=joined["seq"] + 1)
    assert notice["complete"] is True
    assert numbers(whole, 50) == list(range(1, 51))


def test_a_client_without_a_gap_gets_nothing_twice(follow, platform):
    made, _ = follow("calm")
    platform.rooms.publish("room:calm", {"n": 1})
    last = made.receive()["seq"]
    made.drop()
    back, notice = follow("calm", after=last)
    assert notice["complete"] is True
    platform.rooms.publish("room:calm", {"n": 2})
    assert back.receive()["n"] == 2


def test_a_room_that_was_forgotten_begins_above_its_old_numbers(follow, platform):
    made, joined = follow("old")
    platform.redis.delete(platform.rooms.stream("room:old"))
    # A room is forgotten minutes after its last message; here the next life could begin at once.
    wait_until(lambda: time.time() * 1000 > joined["seq"] + 2, "the next milliseconds")
    platform.rooms.publish("room:old", {"n": 1})
    assert made.receive()["seq"] > joined["seq"]
    _, notice = follow("old", after=joined["seq"])
    assert notice["complete"] is False


def test_messages_published_while_the_subscription_was_cut_arrive(follow, platform):
    made, _ = follow("cut")
    platform.rooms.publish("room:cut", {"n": 0})
    assert made.receive()["n"] == 0
    for round_number in range(3):
        assert cut_subscriptions(platform)
        for n in range(10):
            platform.rooms.publish("room:cut", {"n": round_number * 10 + n + 1})
        assert numbers(made, round_number * 10 + 10) == [
            round_number * 10 + n + 1 for n in range(10)
        ]


def test_leaving_and_coming_back(follow, platform):
    made, _ = follow("door")
    made.drop()
    for n in range(5):
        made, _ = follow("door")
        platform.rooms.publish("room:door", {"n": n})
        assert made.receive()["n"] == n
        made.drop()


@pytest.mark.parametrize("room", ["", "room", "room:", "Room:x", "room:a b", "room:a:b:c:d"])
def test_a_room_has_a_name(platform, room):
    with pytest.raises(ValueError, match="name of a room"):
        platform.rooms.publish(room, {})


@pytest.mark.parametrize("message", [{"seq": 1}, {"room": "x"}, [1], {"text": "x" * 65536}])
def test_a_message_is_an_object_of_a_size_that_leaves_room_for_ours(platform, message):
    with pytest.raises(ValueError, match=r"object|adds|too large"):
        platform.rooms.publish("room:x", message)


def test_publishing_without_redis_does_not_undo_the_change(make_platform):
    platform = make_platform(redis_url="redis://127.0.0.1:1/0")
    platform.rooms.publish("room:x", {"n": 1})


def test_publishing_needs_no_web_server():
    import subprocess
    import sys

    check = "import sys, wrencos_core.platform; sys.exit('flask' in sys.modules)"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", check], cwd=root, check=False).returncode == 0


def test_the_figures_count_open_sockets(connect, figures):
    for _ in range(4):
        made = connect("/ws/echo")
        made.send({})
        made.receive()
    wait_until(lambda: any(figures("wrencos_websockets_open")), "a worker with sockets")


def test_one_scrape_of_a_shared_folder_counts_all_workers(
    platform, request, connect, figures, tmp_path, monkeypatch
):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    shared = LiveServer(platform, request.config.rootpath)
    try:
        shared.start()
        sockets = [connect("/ws/echo", of=shared) for _ in range(6)]
        wait_until(lambda: figures("wrencos_websockets_open", shared) == [6], "six sockets")
        sockets[0].drop()
        wait_until(lambda: figures("wrencos_websockets_open", shared) == [5], "five sockets")
    finally:
        shared.stop()
