from pathlib import Path

import pytest

from sestui.core.installation import extra_command, upgrade_command


@pytest.mark.parametrize(
    ("files", "extra", "upgrade"),
    [
        ({}, "pip install 'sestui[web]'", "pip install --upgrade sestui"),
        (
            {"pyvenv.cfg": "version = 3.11\n", "bin/pip": ""},
            "{prefix}/bin/pip install 'sestui[web]'",
            "{prefix}/bin/pip install --upgrade sestui",
        ),
        (
            {"pyvenv.cfg": "home = /usr\nuv = 0.9.1\n"},
            "uv pip install 'sestui[web]'",
            "uv pip install --upgrade sestui",
        ),
        (
            {"pyvenv.cfg": "uv = 0.9.1\n", "uv-receipt.toml": ""},
            "uv tool install 'sestui[web]'",
            "uv tool upgrade sestui",
        ),
        (
            {"pyvenv.cfg": "", "bin/pip": "", "pipx_metadata.json": "{}"},
            "pipx install --force 'sestui[web]'",
            "pipx upgrade sestui",
        ),
    ],
)
def test_the_hint_is_for_how_it_was_installed(
    tmp_path: Path, files: dict[str, str], extra: str, upgrade: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert extra_command("web", tmp_path) == extra.format(prefix=tmp_path)
    assert upgrade_command(tmp_path) == upgrade.format(prefix=tmp_path)
