from pathlib import Path
from typing import Any

import pytest

from sestui.errors import SettingsError, StorageError
from sestui.settings import load_settings
from sestui.settings_file import Setting, as_text, choices, in_force, write


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "sestui" / "config.toml"


def looked_at(**given: Any) -> dict[str, Setting]:
    return {each.name: each for each in in_force(load_settings(**given))}


def test_each_setting_says_where_it_comes_from_and_what_the_next_start_has(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESTUI_SENDERS", "9")
    settings = load_settings(simulator_rate=50)
    write({"theme": "nord", "senders": "8", "simulator_rate": "3", "account": "ses"})
    found = {each.name: each for each in in_force(settings)}
    told = {name: (each.value, each.source, each.coming) for name, each in found.items()}
    assert told["theme"] == ("textual-dark", "file", "nord")
    assert told["account"] == ("simulator", "file", "ses")
    assert told["senders"] == (9, "environment", None)
    assert told["view_url"] == ("", "default", None)
    assert found["senders"].overruled
    assert looked_at(senders=3)["timezone"].source == "default"
    assert all(each.meaning for each in found.values())


def test_settings_are_written_all_or_none(config: Path) -> None:
    write({"account": "ses", "aws_profile": "shop", "keymap": "campaigns.start=S a.b=x,y"})
    before = config.read_text()
    with pytest.raises(SettingsError, match="senders can't be 'many'"):
        write({"account": "simulator", "senders": "many"})
    with pytest.raises(SettingsError, match="no setting 'sendrs'"):
        write({"account": "simulator", "sendrs": "3"})
    assert config.read_text() == before
    assert load_settings().keymap == {"campaigns.start": "S", "a.b": "x,y"}
    write({"account": "", "theme": "nord"})
    assert (load_settings().account, load_settings().theme) == ("simulator", "nord")
    assert load_settings().keymap == {"campaigns.start": "S", "a.b": "x,y"}
    write({"keymap": ""})
    assert load_settings().keymap == {}


def test_a_keymap_in_the_file_and_in_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.parent.mkdir()
    config.write_text('[keymap]\ncampaigns.start = "S"\n"run.pause" = ["space", "P"]\n')
    assert load_settings().keymap == {"campaigns.start": "S", "run.pause": "space,P"}
    monkeypatch.setenv("SESTUI_KEYMAP", "campaigns.start=T")
    assert load_settings().keymap == {"campaigns.start": "T"}
    monkeypatch.setenv("SESTUI_KEYMAP", "nonsense")
    with pytest.raises(SettingsError, match=r"SESTUI_KEYMAP.*write it as id=keys"):
        load_settings()
    monkeypatch.delenv("SESTUI_KEYMAP")
    config.write_text("[keymap]\ncampaigns.start = 3\n")
    with pytest.raises(SettingsError, match=r"keymap in .*campaigns\.start needs the name"):
        load_settings()


def test_an_edit_begins_with_what_is_there_but_never_with_a_secret(config: Path) -> None:
    write({"database_url": "postgresql+psycopg://ada:secret@db/x", "senders": "7"})
    found = looked_at()
    assert as_text(found["database_url"]) == ""
    assert "secret" not in str(found["database_url"].value)
    assert as_text(found["senders"]) == "7"
    assert as_text(found["warm_up_start"]) == ""
    assert choices("account") == ("simulator", "ses")
    assert choices("senders") == ()


def test_what_cant_be_written_is_said(config: Path) -> None:
    config.mkdir(parents=True)
    with pytest.raises(SettingsError, match="can't be read"):
        write({"theme": "nord"})
    config.rmdir()
    config.parent.rmdir()
    config.parent.write_text("a file")
    with pytest.raises((StorageError, SettingsError)):
        write({"theme": "nord"})
