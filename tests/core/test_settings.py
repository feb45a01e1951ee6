from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from wrencos_core.settings import (
    CommaList,
    CoreSettings,
    Settings,
    SettingsError,
    Sources,
    load,
    read_sources,
    unknown_variables,
)


class ShopSettings(Settings):
    section = "shop"

    page_size: int = Field(20, ge=1, description="Rows.")
    api_key: SecretStr | None = Field(None, description="Key.")
    tags: CommaList = Field((), description="Tags.")


def shop(environ=None, toml=None, overrides=None):
    sources = Sources(environ or {}, toml or {})
    return load([ShopSettings], sources, {ShopSettings: overrides or {}}).get(ShopSettings)


def test_the_default_is_the_last_resort():
    assert shop().page_size == 20


def test_the_environment_goes_over_toml_and_an_override_over_both():
    environ = {"WRENCOS_SHOP_PAGE_SIZE": "30"}
    toml = {"shop": {"page_size": 40}}
    assert shop({}, toml).page_size == 40
    assert shop(environ, toml).page_size == 30
    assert shop(environ, toml, {"page_size": 50}).page_size == 50


def test_the_real_environment_goes_over_dotenv(tmp_path: Path):
    (tmp_path / ".env").write_text("WRENCOS_SHOP_PAGE_SIZE=5\nWRENCOS_SHOP_TAGS=a\n")
    (tmp_path / "wrencos.toml").write_text("[shop]\npage_size = 6\ntags = ['b']\napi_key = 'k'\n")
    sources = read_sources(tmp_path, {"WRENCOS_SHOP_PAGE_SIZE": "4"})
    settings = load([ShopSettings], sources).get(ShopSettings)
    assert settings.page_size == 4
    assert settings.tags == ("a",)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "k"


def test_the_process_environment_is_read_only_through_the_sources(monkeypatch):
    monkeypatch.setenv("WRENCOS_SHOP_PAGE_SIZE", "99")
    assert shop().page_size == 20


@pytest.mark.parametrize(
    ("text", "items"),
    [("", ()), ("a", ("a",)), (" a , b,", ("a", "b")), (",", ()), ('["a"]', ('["a"]',))],
)
def test_a_comma_list_in_the_environment(text, items):
    assert shop({"WRENCOS_SHOP_TAGS": text}).tags == items


def test_a_comma_list_in_toml_is_a_list():
    assert shop(toml={"shop": {"tags": ["a,b", "c"]}}).tags == ("a,b", "c")


def test_every_mistake_of_every_class_is_told_at_once():
    environ = {
        "WRENCOS_CURRENCY": "GOLD",
        "WRENCOS_TIMEZONE": "Mars/Base",
        "WRENCOS_SECRET_KEY": "short",
        "WRENCOS_BASE_URL": "ftp://x",
        "WRENCOS_SHOP_PAGE_SIZE": "0",
    }
    with pytest.raises(SettingsError) as caught:
        load([CoreSettings, ShopSettings], Sources(environ, {"shop": {"colour": "red"}}))
    told = {line.split(":")[0] for line in caught.value.problems}
    assert told == {*environ, "WRENCOS_SHOP_COLOUR"}
    assert "short" not in str(caught.value)


def test_a_table_of_no_plugin_is_a_mistake_and_one_of_an_installed_plugin_is_not():
    toml = {"comerce": {"x": 1}}
    with pytest.raises(SettingsError, match=r"\[comerce\]"):
        load([CoreSettings], Sources({}, toml))
    load([CoreSettings], Sources({}, toml), sections=["comerce"])


def test_broken_toml_is_told_by_its_file(tmp_path: Path):
    (tmp_path / "wrencos.toml").write_text("page_size = = 1")
    with pytest.raises(SettingsError, match=r"wrencos\.toml"):
        read_sources(tmp_path, {})


def test_secrets_are_masked_where_settings_are_shown():
    settings = shop({"WRENCOS_SHOP_API_KEY": "very-secret"})
    assert "very-secret" not in str(settings.shown())
    assert "very-secret" not in repr(settings)
    assert settings.shown()["WRENCOS_SHOP_PAGE_SIZE"] == 20


def test_settings_do_not_change():
    settings = shop()
    with pytest.raises(ValueError, match="frozen"):
        settings.page_size = 3


def test_a_typing_error_in_a_variable_is_found():
    environ = {"WRENCOS_CURENCY": "USD", "WRENCOS_CURRENCY": "USD", "HOME": "/root"}
    assert unknown_variables([CoreSettings], environ) == ["WRENCOS_CURENCY"]


def test_a_url_loses_the_slash_at_its_end():
    sources = Sources({"WRENCOS_BASE_URL": "https://shop.example/"})
    assert load([CoreSettings], sources).get(CoreSettings).base_url == "https://shop.example"


def test_a_demo_is_not_public():
    def loaded(environment, base_url):
        environ = {"WRENCOS_ENVIRONMENT": environment, "WRENCOS_BASE_URL": base_url}
        return load([CoreSettings], Sources(environ, {})).get(CoreSettings)

    for here in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"):
        assert loaded("demo", here).base_url == here
    with pytest.raises(SettingsError, match="a demo is on this machine"):
        loaded("demo", "https://shop.example")
    assert loaded("production", "https://shop.example").base_url == "https://shop.example"
