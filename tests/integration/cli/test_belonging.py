"""Tags and lists in templates, checked and sent: each recipient has their own."""

import pytest

from sestui.simulator.outbox.outbox_reader import OutboxReader

CAMPAIGN = """---
name: news
subject: "{{ 'VIP' if 'vip' in tags else 'Dear' }} {{ email }}: {{ (lists + tags) | join(' ') }}"
from: news@example.com
lists: [people]
---
Hi [off]({{ unsubscribe_url }})
"""


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_each_recipient_has_their_own_tags_and_lists(sestui, mode):
    rows = "email,tags\nann@example.com,vip;early\nbob@example.com,\n"
    sestui.ok("import", sestui.write("a.csv", rows), "--list", "people")
    sestui.ok("import", sestui.write("b.csv", "email\nann@example.com\n"), "--list", "guests")
    sestui.ok("apply", sestui.write("news.md", CAMPAIGN))
    assert sestui.json("campaign", "check", "news")["ok"]
    sestui.ok("send", "news", SESTUI_SEND_MODE=mode)
    sestui.ok("campaign", "test", "news", "--to", "me@example.net", "--as", "bob@example.com")
    (outbox,) = sestui.data.rglob("simulator.db")
    mails = OutboxReader(outbox).page(limit=10)
    assert sorted(mail.subject for mail in mails) == [
        "Dear bob@example.com: people",
        "Dear me@example.net: people",
        "VIP ann@example.com: guests people vip early",
    ]
