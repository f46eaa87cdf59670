"""Keys of links: one file, several hosts, and rotation."""

import pytest

from sestui.errors import SettingsError
from sestui.store.web.link_keys import FILE_NAME, LinkKeys

ADA = "ada@example.com"


def test_old_links_outlive_a_rotation(scene, page):
    run = scene.mailed(ADA)
    old = scene.link(run, ADA)
    page.get(old)
    key = scene.keys.rotate()
    new = scene.link(run, ADA)
    assert new != old
    assert new.startswith(key.id)
    scene.clock.advance(10)  # the page reads the file again
    for token in (old, new):
        assert page.get(token).status == 200
    assert page.one_click(old).status == 200
    assert scene.contact(ADA).status == "unsubscribed"
    assert (scene.runtime.settings.data_dir / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_another_host_needs_the_file(scene, page, tmp_path):
    run = scene.mailed(ADA)
    elsewhere = tmp_path / "elsewhere"
    other = LinkKeys(scene.database, elsewhere)
    scene.keys.current()
    with pytest.raises(SettingsError, match="copy it from the host that serves the page"):
        other.current()
    assert not (elsewhere / FILE_NAME).exists()
    ours = scene.runtime.settings.data_dir / FILE_NAME
    elsewhere.mkdir()
    (elsewhere / FILE_NAME).touch(0o600)
    (elsewhere / FILE_NAME).write_bytes(ours.read_bytes())
    assert other.current() == scene.keys.current()
    # Rotated over there: until the file is copied back, the page can't open those links.
    key = other.rotate()
    token = key.sealed(1, ADA)
    assert scene.keys.missing() == [key.id]
    answer = page.get(token)
    assert answer.status == 503
    assert "try again later" in answer.text
    ours.write_bytes((elsewhere / FILE_NAME).read_bytes())
    scene.clock.advance(10)
    assert page.get(token).status == 200
    assert scene.contact(ADA).status == "active"
    assert run is not None


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("00" * 32, 0o644, "chmod 600"),
        ("zz" * 32, 0o600, "can't be read"),
        ("00" * 31, 0o600, "64 hexadecimal digits"),
        ("", 0o600, "64 hexadecimal digits"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_of(scene, content, mode, said):
    path = scene.runtime.settings.data_dir / FILE_NAME
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=said):
        scene.keys.current()
