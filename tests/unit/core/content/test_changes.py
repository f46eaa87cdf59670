"""What is different between two versions of a message."""

from dataclasses import replace

from sestui.core.content.changes import LineChange, changes
from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment

OLD = MessageSource("Hello", "\n".join(f"line {number}" for number in range(1, 41)))


def told(old, new):
    signs = {
        LineChange.PART: "",
        LineChange.PLACE: "@",
        LineChange.SAME: " ",
        LineChange.ADDED: "+",
    }
    return [signs.get(each.change, "-") + each.text for each in changes(old, new)]


def test_only_what_differs_is_told_with_what_is_around_it():
    assert told(OLD, OLD) == []
    new = replace(OLD, subject="Hi", body=OLD.body.replace("line 20", "twenty"), preheader="Soon")
    assert told(OLD, new) == [
        "subject", "-Hello", "+Hi",
        "preheader", "+Soon",
        "body", "@line 18", " line 18", " line 19", "-line 20", "+twenty", " line 21", " line 22",
    ]  # fmt: skip


def test_every_part_of_a_message_is_compared():
    files = (MailAttachment("a.pdf", "application/pdf", b"1"),)
    same_size = (MailAttachment("a.pdf", "application/pdf", b"2"),)
    for field, value in {
        "subject": "x", "body": "x", "body_format": "html", "text": "x", "preheader": "x",
        "attachments": files, "layout": "x", "to_name": "x", "headers": (("X-A", "b"),),
    }.items():  # fmt: skip
        assert told(OLD, replace(OLD, **{field: value})), field
    assert "-a.pdf: application/pdf, 1 bytes, sha256 6b86b273ff34…" in told(
        replace(OLD, attachments=files), replace(OLD, attachments=same_size)
    )


def test_a_text_of_very_many_lines_is_not_compared_line_by_line():
    long = replace(OLD, body="a\nb\n" * 100_000)
    assert [each.change for each in changes(OLD, long)] == [LineChange.PART, LineChange.PLACE]
    assert changes(long, long) == []
