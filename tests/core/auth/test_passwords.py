from __future__ import annotations

import subprocess
import sys

import pytest

from wrencos_core.auth.services.passwords import Passwords, common_passwords
from wrencos_core.auth.settings import AuthSettings
from wrencos_core.errors import Invalid

GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent
from wrencos_core.auth.services.passwords import Passwords
from wrencos_core.auth.settings import AuthSettings

ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0)

ticker = gevent.spawn(tick)
gevent.sleep(0)
before = len(ticks)
passwords = Passwords(AuthSettings())
hashed = passwords.hash("Jasmine-rice-42")
assert passwords.verify(hashed, "Jasmine-rice-42")
assert not passwords.verify(None, "Jasmine-rice-42")
print(len(ticks) > before)
"""


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(AuthSettings())


def test_hashes_as_owasp_asks(passwords: Passwords) -> None:
    first, second = passwords.hash("Jasmine-rice-42"), passwords.hash("Jasmine-rice-42")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert passwords.verify(first, "Jasmine-rice-42")
    assert not passwords.verify(first, "jasmine-rice-42")
    assert not passwords.verify(None, "Jasmine-rice-42")
    assert not passwords.verify("no hash", "Jasmine-rice-42")


def test_one_password_in_two_unicode_forms_is_one(passwords: Passwords) -> None:
    hashed = passwords.hash("hoa nh\u00e0i tr\u1eafng")
    assert passwords.verify(hashed, "hoa nha\u0300i tra\u0306\u0301ng")


@pytest.mark.parametrize(
    "password", ["correct horse", "Jasmine-rice-42", "mật khẩu dài của tôi", "An2026 từ Huế"]
)
def test_accepts_what_is_hard_to_guess(passwords: Passwords, password: str) -> None:
    passwords.check(password, "an@example.test")


@pytest.mark.parametrize(
    "password",
    ["nine-char", "xyz!" * 65, "my-lan.nguyen-pw", "PASSWORD123", "!!iloveyou!!", "abababababab"],
)
def test_refuses_what_is_easy_to_guess(passwords: Passwords, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check(password, "lan.nguyen@example.test", "newPassword")
    assert len(refused.value.extra["errors"]["newPassword"]) == 1


def test_the_list_of_common_passwords_is_usable() -> None:
    assert len(common_passwords()) >= 200
    assert all(word == word.casefold() for word in common_passwords())


def test_hashing_does_not_hold_a_gevent_worker() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GEVENT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "True", done.stderr
