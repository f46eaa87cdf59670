from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.file import parse_campaign
from sestui.core.campaign.kinds import keywords_text
from sestui.core.campaign.writer import tidy_body, write_campaign
from sestui.core.content.message import BUILT_INS, MessageSource
from sestui.errors import BadFileError

FIELDS = CampaignFields("news", "Ada's Shop <news@example.com>", lists=("newsletter",))
MESSAGE = MessageSource("{{ first_name or 'Hello' }}, your news", "# Hi\n")


def written(fields=FIELDS, message=MESSAGE, attachments=(), *, html_name=False):
    return write_campaign(
        fields, message, attachments, by_name="html" if html_name else "markdown", path="news.md"
    )


def test_a_file_a_person_would_write():
    fields = CampaignFields(
        "november-news",
        "Ada's Shop <news@example.com>",
        reply_to=("help@example.com",),
        lists=("newsletter", "vip, old"),
        keywords={"season": "autumn", "price": "9.50", "year": 2026, "rate": 0.5},
        transactional=True,
        priority=7,
        max_rate=20.0,
        send_window="Mon-Fri 09:00-18:00",
        notify=("ops@example.com",),
        start_at=datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Europe/Paris")).timestamp(),
        timezone="Europe/Paris",
    )
    message = MessageSource(
        "{{ first_name or 'Hello' }}, your news", "# Hi\n", "html", "Hi\n  there", "Soon"
    )
    assert written(fields, message, ["price-list.pdf"]) == (
        """---
name: november-news
subject: "{{ first_name or 'Hello' }}, your news"
preheader: Soon
from: Ada's Shop <news@example.com>
reply_to: [help@example.com]
lists: [newsletter, 'vip, old']
start: '2026-12-01T09:00'
timezone: Europe/Paris
priority: 7
max_rate: 20.0
send_window: 'Mon-Fri 09:00-18:00'
transactional: true
notify: [ops@example.com]
keywords: {season: autumn, price: '9.50', year: 2026, rate: 0.5}
attachments: [price-list.pdf]
format: html
text: |-
  Hi
    there
---
# Hi
"""
    )


def test_the_name_of_the_file_says_html():
    message = MessageSource("s", "<p>Hi</p>\n", "html")
    assert "format" not in written(message=message, html_name=True)
    assert "format: html" in written(message=message)
    assert "format: markdown" in written(html_name=True)


@pytest.mark.parametrize(
    ("fields", "message", "said"),
    [
        (FIELDS, MessageSource("", "Hi"), "the field 'subject' is missing"),
        (CampaignFields("news", "", lists=("a",)), MESSAGE, "the field 'from' is missing"),
        (CampaignFields("news", "a@example.com"), MESSAGE, "the field 'lists' is missing"),
        (FIELDS, MessageSource("s", " \n"), "the message is empty"),
        (CampaignFields("n n", "a@example.com", lists=("a",)), MESSAGE, "can't be a campaign's"),
        (FIELDS, MessageSource("s", "Hi", text="x" * 70_000), "longer than 64,000 characters"),
        (
            CampaignFields("n", "a@example.com", lists=(" a ",)),
            MESSAGE,
            "would not read back as the same campaign",
        ),
    ],
)
def test_what_no_file_can_hold_is_refused_in_a_sentence(fields, message, said):
    with pytest.raises(BadFileError) as caught:
        written(fields, message)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hours_that_come_twice_keep_their_offset():
    zone = ZoneInfo("Europe/Paris")
    for fold in (0, 1):
        start = datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold).timestamp()
        fields = CampaignFields(
            "n", "a@example.com", lists=("l",), start_at=start, timezone="Europe/Paris"
        )
        assert ("+01:00" in written(fields)) == bool(fold)


def test_keywords_as_one_types_them():
    assert keywords_text({}) == ""
    assert keywords_text({"season": "autumn", "n": 3}) == "season: autumn, n: 3"


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
clean = anything.map(
    lambda text: "".join(c for c in text if c in "\t\n\r" or (c >= " " and c != "\x7f")).strip()
).filter(bool)
one_line = clean.map(lambda text: " ".join(text.split())).filter(bool)
words = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
scalars = (
    clean
    | st.integers()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["no", "true", "null", "~", "1.50", "0x1", "1_000", "2026-12-01", "9:30"])
)
nested = st.recursive(
    scalars, lambda each: st.lists(each, max_size=3) | st.dictionaries(words, each, max_size=3)
)
mailboxes = st.sampled_from(
    ["a@example.com", "Ada's Shop <a@example.com>", '"Grün, Ada" <a@example.com>']
)
timings = st.one_of(
    st.just({}),
    st.sampled_from(["0 9 1 * *", "@daily"]).map(lambda cron: {"schedule": cron}),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()).map(
        lambda moment: {"start_at": moment.timestamp()}
    ),
)
campaigns = st.builds(
    lambda timing, **values: CampaignFields(**values, **timing),
    timing=timings,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    from_address=mailboxes,
    reply_to=st.lists(mailboxes, max_size=2, unique=True).map(tuple),
    lists=st.lists(clean, min_size=1, max_size=3, unique=True).map(tuple),
    keywords=st.dictionaries(words.filter(lambda word: word not in BUILT_INS), nested, max_size=3),
    transactional=st.booleans(),
    priority=st.integers(0, 9),
    max_rate=st.none() | st.floats(0.001, 1e30),
    only=st.sampled_from(["", "joined"]),
    misfire_hours=st.sampled_from([24.0, 0.5, 72.0]),
    send_window=st.sampled_from(["", "Mon-Fri 09:00-18:00, Sat 10:00-14:00"]),
    holdout=st.sampled_from(["", "5%", "0.25%"]),
    at_most=st.sampled_from(["", "2 per week"]),
    notify=st.lists(mailboxes, max_size=2, unique=True).map(tuple),
    timezone=st.sampled_from(["", "Europe/Paris", "America/St_Johns", "UTC"]),
)
messages = st.builds(
    MessageSource,
    subject=clean,
    body=st.text(st.characters(exclude_categories=["Cs"])).map(tidy_body).filter(str.strip),
    body_format=st.sampled_from(["markdown", "html"]),
    text=st.just("") | clean,
    preheader=st.just("") | one_line,
)


@pytest.mark.long
@pytest.mark.ci
@settings(max_examples=100)
@given(fields=campaigns, message=messages, html_name=st.booleans())
def test_what_is_written_reads_back_as_the_same_campaign(fields, message, html_name):
    paths = ["price list.pdf", "./ a.txt", "b, c.txt"]
    content = written(fields, message, paths, html_name=html_name)
    file = parse_campaign(
        content, "f.md", by_name="html" if html_name else "markdown", default_zone=fields.timezone
    )
    assert file.fields == fields
    assert file.message == message
    assert file.attachments == tuple(paths)
