"""Snippets: those in the workspace's folder, and sestui's own."""

import pytest

from sestui.compose.snippets import built_in, of_folder
from sestui.core.content.lint.findings import Severity, check_message, rendered
from sestui.core.content.message import Envelope, MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import StorageError


def test_files_of_the_folder_are_snippets_and_what_is_wrong_with_others_is_said(tmp_path):
    folder = tmp_path / "snippets"
    assert of_folder(folder) == []
    folder.mkdir()
    (folder / "footer.md").write_bytes("\ufeffGrüße,\r\nAda\r\n".encode())
    (folder / "notes.pdf").write_bytes(b"no snippet")
    (folder / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    (folder / "huge.html").write_bytes(b"x" * 100_001)
    (folder / "folder.md").mkdir()
    (folder / "gone.md").symlink_to(tmp_path / "nowhere")
    found = {each.name: each for each in of_folder(folder)}
    assert found["footer.md"].text == "Grüße,\nAda"
    assert found.keys() == {"footer.md", "latin.txt", "huge.html", "folder.md", "gone.md"}
    assert [found[name].problem for name in ("footer.md", "latin.txt", "huge.html")] == [
        "", "it is not UTF-8", "it is larger than 100 kB",
    ]  # fmt: skip
    assert found["folder.md"].problem == found["gone.md"].problem == "it is not a file"
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file can't be read: Not a directory"):
        of_folder(tmp_path / "file")


@pytest.mark.parametrize("html", [True, False])
def test_our_own_make_a_mail_without_a_complaint(html):
    envelope = Envelope("shop@example.com", transactional=True)
    photo = (MailAttachment("photo.png", "image/png", b"x"),)
    for each in built_in(html=html):
        source = MessageSource(
            "Hi", each.text, "html" if html else "markdown", text="Hi", attachments=photo
        )
        checked = check_message(source, envelope)
        assert not checked.findings, each.name
        values = {"plan": "pro", "tags": ["vip"], "lists": []}
        mail, faults = rendered(lambda: checked.composer.mail("a@example.com", values), "a")  # noqa: B023 - called at once
        assert mail is not None
        assert not [fault for fault in faults if fault.severity is Severity.ERROR]
        assert "{{" not in mail.html
