"""Remembered answers take a bounded share of memory, and go when they are too old."""

from time import monotonic

import pytest
from flask import Flask

from wrencos_core.http.remembered import Answer, Answers, _asked
from wrencos_core.testing.threads import run_in_threads

KILOBYTE = 1024


def answer(kilobytes=1, seconds=60.0):
    body = b"x" * (kilobytes * KILOBYTE)
    return Answer(monotonic() + seconds, body, [("ETag", '"1"')])


def key(number):
    return f"/{number}", b"", None


def kept(answers, count):
    return [number for number in range(count) if answers.get(key(number))]


def test_what_many_pages_take_is_bounded_and_the_oldest_go():
    answers = Answers(budget=1024 * KILOBYTE)
    for number in range(40):
        answers.put(key(number), answer(100))
        assert answers.size <= 1024 * KILOBYTE
    assert kept(answers, 40) == list(range(30, 40))


def test_small_answers_under_long_names_are_counted_too():
    answers = Answers(budget=1024 * KILOBYTE)
    for number in range(2000):
        answers.put((f"/{number}", b"x" * 4000, None), answer(0))
    assert len(answers._by_key) < 256


def test_a_page_of_products_is_kept_and_a_huge_one_is_not():
    answers = Answers()
    answers.put(key(0), answer(12))
    answers.put(key(1), answer(200))
    answers.put(key(2), answer(1600))
    assert kept(answers, 3) == [0, 1]


def test_what_is_too_old_is_dropped_when_something_is_kept():
    answers = Answers()
    for number in range(20):
        answers.put(key(number), answer(10, seconds=-1))
    assert kept(answers, 20) == []
    answers.put(key(20), answer(10))
    assert list(answers._by_key) == [key(20)]
    assert answers.size < 12 * KILOBYTE


def test_an_answer_kept_anew_counts_once_and_is_young_again():
    answers = Answers(budget=35 * KILOBYTE)
    for number in (0, 1, 2, 0, 3):
        answers.put(key(number), answer(10))
    assert kept(answers, 4) == [0, 2, 3]
    assert answers.size == pytest.approx(33 * KILOBYTE, abs=100)


def test_threads_at_once_do_not_lose_count():
    answers = Answers(budget=64 * KILOBYTE)

    def work(thread):
        for number in range(300):
            answers.put(key((number * 7 + thread) % 23), answer(number % 9))

    run_in_threads(4, work)
    counted = sum(len(known.body) + KILOBYTE for known in answers._by_key.values())
    assert answers.size == pytest.approx(counted, abs=1000)
    assert answers.size <= 64 * KILOBYTE


def test_questions_are_the_same_in_another_order_and_no_others():
    app = Flask(__name__)

    def asked(query):
        with app.test_request_context(f"/?{query}"):
            return _asked()

    assert asked("a=1&b=2&c") == asked("c&b=2&a=1")
    others = ("", "a=1", "a=1%26b%3D2", "a=1&a=2", "a=2&a=1", "a=1&b=2", "a=1&%61=2", "%61=2&a=1")
    assert len({asked(query) for query in others}) == len(others)
