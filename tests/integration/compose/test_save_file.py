import dataclasses
import os
import stat

import pytest

from sestui.compose.apply import Change, apply_plan
from sestui.compose.files import load_campaign
from sestui.compose.save_file import FileInTheWayError, save_campaign
from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import BadFileError, NotFoundError, StorageError
from sestui.store.campaigns.campaigns import fields_of
from tests.support.compose import plan

FIELDS = CampaignFields("news", "a@example.com", lists=("all",), priority=7)
PRICES = MailAttachment("prices.pdf", "application/pdf", b"%PDF")
MESSAGE = MessageSource("s", "Hi\n", attachments=(PRICES, dataclasses.replace(PRICES, name=" b")))


def save(path, *, fields=FIELDS, message=MESSAGE, overwrite=False):
    save_campaign(path, fields, message, overwrite=overwrite)


@pytest.mark.parametrize("name", ["news.md", "news.html", "no ending"])
def test_apply_takes_what_was_saved_as_the_same_campaign(campaigns, tmp_path, name):
    message = dataclasses.replace(MESSAGE, attachments=(PRICES,))
    saved = campaigns.save(FIELDS, message, now=1.0, next_due_at=None)
    path = tmp_path / name
    save(path, fields=fields_of(saved), message=campaigns.message(saved.message_id))
    planned = plan(campaigns, load_campaign(path), 2.0)
    assert planned.change is Change.UNCHANGED
    assert planned.loaded.message == message
    assert apply_plan(campaigns, planned, 2.0).updated_at == 1.0


def test_odd_names_of_attachments_come_back(tmp_path):
    save(tmp_path / "news.md")
    names = [each.name for each in load_campaign(tmp_path / "news.md").message.attachments]
    assert names == ["prices.pdf", " b"]


def test_nothing_is_replaced_unless_that_is_said(tmp_path):
    path = tmp_path / "news.md"
    path.write_text("mine")
    (tmp_path / "prices.pdf").write_bytes(b"other")
    with pytest.raises(FileInTheWayError, match=r"prices\.pdf, .*news\.md exist already"):
        save(path)
    assert sorted(os.listdir(tmp_path)) == ["news.md", "prices.pdf"]
    assert path.read_text() == "mine"
    path.chmod(0o640)
    save(path, overwrite=True)
    assert "name: news" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "prices.pdf").read_bytes() == b"%PDF"
    save(path)  # nothing would change
    assert sorted(os.listdir(tmp_path)) == [" b", "news.md", "prices.pdf"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.md").write_text("mine")
    (tmp_path / "news.md").symlink_to("real.md")
    save(tmp_path / "news.md", overwrite=True)
    assert (tmp_path / "news.md").is_symlink()
    assert "name: news" in (tmp_path / "real.md").read_text()


def test_what_can_not_be_saved_says_why(tmp_path):
    with pytest.raises(BadFileError, match="the field 'lists' is missing"):
        save(tmp_path / "news.md", fields=CampaignFields("news", "a@example.com"))
    with pytest.raises(NotFoundError, match="There is no folder"):
        save(tmp_path / "none" / "news.md")
    with pytest.raises(BadFileError, match="is the name of an attachment"):
        save(tmp_path / "prices.pdf")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="can't be written: File name too long"):
        save(tmp_path / ("x" * 300))
