"""Settings from file, environment and command line."""

import stat
from typing import Any

from tests.support.cli import Sestui


def shown(sestui: Sestui, *arguments: str, **environment: str) -> dict[str, dict[str, Any]]:
    rows = sestui.json(*arguments, "config", "show", **environment)
    return {row["name"]: row for row in rows}


def test_each_setting_says_where_it_comes_from(sestui: Sestui) -> None:
    assert sestui.ok("config", "path") == f"{sestui.config}\n"
    sestui.ok("config", "set", "max_quota_usage", "0.5")
    sestui.ok("config", "set", "senders", "7")
    sestui.ok("config", "set", "warm_up_start", "2026-12-01")
    settings = shown(sestui, "--set", "senders=9", "--account", "ses", SESTUI_THEME="nord")
    told = {name: (settings[name]["value"], settings[name]["source"]) for name in settings}
    assert told["max_quota_usage"] == (0.5, "file")
    assert told["warm_up_start"] == ("2026-12-01", "file")
    assert told["theme"] == ("nord", "environment")
    assert told["senders"] == (9, "command line")
    assert told["account"] == ("ses", "command line")
    assert told["view_url"] == ("", "default")
    assert all(row["meaning"] for row in settings.values())


def test_set_keeps_comments_and_can_be_taken_back(sestui: Sestui) -> None:
    sestui.write("config.toml", "# mine\nsenders = 8  # not more\n")
    done = sestui.run("config", "set", "timezone", "Europe/Paris", SESTUI_TIMEZONE="UTC")
    assert done.returncode == 0
    assert "SESTUI_TIMEZONE in the environment overrides the file" in done.stderr
    assert sestui.config.read_text() == (
        '# mine\nsenders = 8  # not more\ntimezone = "Europe/Paris"\n'
    )
    assert stat.S_IMODE(sestui.config.stat().st_mode) == 0o600
    sestui.ok("config", "set", "timezone", "")
    assert "timezone" not in sestui.config.read_text()


def test_what_is_wrong_is_named_and_nothing_is_written(sestui: Sestui) -> None:
    said = sestui.refused(2, "config", "set", "senders", "300")
    assert said.startswith("senders can't be '300': ")
    assert "did you mean senders?" in sestui.refused(2, "config", "set", "sendrs", "3")
    assert "did you mean senders?" in sestui.refused(2, "--set", "sendrs=3", "config", "show")
    assert "NAME=VALUE" in sestui.refused(2, "--set", "senders", "config", "show")
    assert "SESTUI_SENDERS" in sestui.refused(2, "campaign", "list", SESTUI_SENDERS="many")
    assert sestui.config.read_text() == ""

    sestui.write("config.toml", "sendrs = 3\nmax_quota_usage = 2\n")
    said = sestui.refused(2, "campaign", "list")
    assert f"max_quota_usage in {sestui.config}: " in said
    assert "did you mean senders?" in said
    sestui.write("config.toml", "max_quota_usage = 2\nsimulator_rate = 0\n")
    sestui.ok("config", "set", "max_quota_usage", "0.8")  # one can be mended after the other
    sestui.write("config.toml", "senders = ")
    assert "is not valid TOML" in sestui.refused(2, "campaign", "list")
    assert not sestui.data.exists()


def test_another_settings_file_and_a_password(sestui: Sestui) -> None:
    other = sestui.write("other.toml", 'database_url = "postgresql+psycopg://ada:secret@db/x"\n')
    settings = shown(sestui, "--config", str(other))
    assert settings["database_url"]["value"] == "postgresql+psycopg://ada:***@db/x"
    assert sestui.ok("--config", str(other), "config", "path") == f"{other}\n"


def test_a_variable_that_is_no_setting_is_named_and_stops_what_sends(ready: Sestui) -> None:
    wrong = {"SESTUI_ACOUNT": "ses"}
    named = "SESTUI_ACOUNT (did you mean SESTUI_ACCOUNT?) in the environment is not a setting"
    for command in ("send news", "campaign start news", "run-due", "account", "demo --headless"):
        assert ready.refused(2, *command.split(), **wrong).startswith(named)
    assert ready.json("campaign", "show", "news")["run"] is None

    for command in ("campaign list", "config show", "export contacts"):
        done = ready.run(*command.split(), **wrong)
        assert done.returncode == 0
        assert done.stdout
        assert done.stderr.splitlines()[-1] == f"warning: {named}."
    two = ready.run("config", "path", SESTUI_ZZZ="1", sestui_sendrs="2")
    assert "SESTUI_ZZZ, sestui_sendrs (did you mean SESTUI_SENDERS?) in the environment are" in (
        two.stderr
    )


def test_a_settings_file_that_is_named_has_to_be_there(sestui: Sestui) -> None:
    missing = sestui.home / "missing.toml"
    for arguments in (("--config", str(missing), "campaign", "list"), ("campaign", "list")):
        said = sestui.refused(2, *arguments, SESTUI_CONFIG=str(missing))
        assert said.startswith(f"The settings file {missing}, which SESTUI_CONFIG names,")
        assert "--config" in said
    assert "is not there" in sestui.refused(2, "run-due", SESTUI_CONFIG=str(missing))
    sestui.ok("--config", str(missing), "config", "set", "senders", "7")
    assert shown(sestui, "--config", str(missing))["senders"]["value"] == 7
    assert "Is a directory" in sestui.refused(2, "--config", str(sestui.home), "config", "show")


def test_a_byte_order_mark_is_taken(sestui: Sestui) -> None:
    sestui.write("config.toml", b"\xef\xbb\xbfsenders = 7\n")
    assert shown(sestui)["senders"]["value"] == 7
    sestui.ok("config", "set", "theme", "nord")
    assert sestui.config.read_bytes() == b'senders = 7\ntheme = "nord"\n'
