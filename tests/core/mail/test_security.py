"""TLS, logins, and settings that would give a password away."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wrencos_core.mail.delivery import Delivery
from wrencos_core.mail.errors import MailNotSent
from wrencos_core.mail.settings import MailSettings
from wrencos_core.platform import Platform
from wrencos_core.settings import SettingsError, Sources, load
from wrencos_core.testing.smtp import LocalSMTP

from .conftest import smtp_settings

LOGIN = ("shop", "correct horse")
SERVER = {"smtp_host": "mx.shop.test", "from_address": "shop@shop.test"}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-days", "2", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *new, *subject, *files], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def send(make_platform: Callable[..., Platform]) -> Callable[..., str]:
    """Sends a test message with these settings."""

    def send_with(server: LocalSMTP, **settings: Any) -> str:
        platform = make_platform(settings=smtp_settings(server, **settings))
        return platform.services.require(Delivery).send_test("lan@customers.test")

    return send_with


def _credentials(password: str = LOGIN[1]) -> dict[str, str]:
    return {"smtp_username": LOGIN[0], "smtp_password": password}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_logs_in_over_tls(
    send: Callable[..., str],
    certificate: tuple[Path, Path],
    tls: ssl.SSLContext,
    security: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with LocalSMTP(LOGIN, tls, implicit_tls=security == "tls") as server:
        send(server, smtp_security=security, **_credentials())
        [received] = server.messages
    assert received.over_tls
    assert received.username == LOGIN[0]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_is_not_trusted(
    send: Callable[..., str], tls: ssl.SSLContext, security: str
) -> None:
    with LocalSMTP(None, tls, implicit_tls=security == "tls") as server:
        with pytest.raises(MailNotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send(server, smtp_security=security)
        assert server.messages == []


def test_a_server_without_starttls_gets_no_mail(send: Callable[..., str], smtp: LocalSMTP) -> None:
    with pytest.raises(MailNotSent, match="STARTTLS"):
        send(smtp, smtp_security="starttls")
    assert smtp.messages == []


def test_a_wrong_password_is_said_without_the_password(send: Callable[..., str]) -> None:
    with LocalSMTP(LOGIN) as server:
        send(server, **_credentials())
        with pytest.raises(MailNotSent, match="530"):
            send(server)
        with pytest.raises(MailNotSent, match="535") as refused:
            send(server, **_credentials("wrong horse"))
        assert len(server.messages) == 1
    assert "wrong horse" not in refused.value.detail


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"smtp_host": "mx.shop.test"}, "needs a from_address"),
        ({"from_address": "Shop <shop@shop.test>"}, "not valid"),
        ({"from_name": "Shop\r\nBcc: x@y.test"}, "line breaks"),
        ({"smtp_port": "0"}, "greater than"),
        ({"timeout_seconds": "0"}, "greater than"),
        ({"smtp_security": "ssl"}, "'none', 'starttls' or 'tls'"),
        ({**SERVER, "smtp_username": "shop"}, "go together"),
        (
            {**SERVER, **_credentials(), "smtp_security": "none"},
            "in clear",
        ),
    ],
)
def test_settings_that_can_not_work_are_refused(values: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as refused:
        _load(values)
    assert LOGIN[1] not in str(refused.value)


def _load(values: dict[str, str]) -> MailSettings:
    environ = {MailSettings.environment_name(name): value for name, value in values.items()}
    return load([MailSettings], Sources(environ)).get(MailSettings)


def test_the_password_is_masked() -> None:
    settings = _load({**SERVER, **_credentials()})
    assert settings.shown()["WRENCOS_MAIL_SMTP_PASSWORD"] == "**********"
    assert LOGIN[1] not in repr(settings)
