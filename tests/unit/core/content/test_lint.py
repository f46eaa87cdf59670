"""What mail programs, filters and readers won't like, each with its line and a way out."""

import pytest

from sestui.core.content import Envelope, MessageSource
from sestui.core.content.lint.contrast import contrast
from sestui.core.content.lint.findings import Severity
from sestui.core.content.lint.lint import lint
from sestui.core.content.lint.mail_clients import missing

ADDRESS = "\n<p>Ada's Shop, 12 Long Lane, London</p>\n"


def found(body, body_format="html", subject="News", *, transactional=False, **more):
    body = body if transactional else body + ADDRESS
    source = MessageSource(subject, body, body_format, **more)
    envelope = Envelope("a@example.com", transactional=transactional)
    return list(lint(source, envelope))


def said(*given, **more):
    return [
        (each.where, each.line, each.problem.partition(";")[0]) for each in found(*given, **more)
    ]


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<div style="display: flex">a</div>', "Outlook on Windows doesn't show display: flex"),
        ("<style>p { position: absolute }</style>",
         "Gmail, Outlook on Windows and Outlook on iOS don't show position"),
        ("<style>li::marker { color: red }</style>", "::marker"),
        ("<style>p { width: calc(1px + 2px) }</style>", "calc()"),
        ('<p style="margin: 2rem">a</p>', "the unit rem"),
        ('<video src="https://x.example/a.mp4"></video>', "<video>"),
        ("<svg><path/></svg>", "<svg>"),
        ("<form action='https://x.example'><input type='submit'></form>", "<form>"),
        ('<img alt="a" src="https://x.example/a.webp?x=1">', "pictures of type webp"),
    ],
)  # fmt: skip
def test_what_a_mail_program_does_not_show_has_its_line_and_a_way_out(html, problem):
    findings = found(f"<p>\nHello</p>\n{html}\n")
    (match,) = [each for each in findings if problem in each.problem]
    assert match.line == 3
    assert "; " in match.problem


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color: #333; margin: 4px; mso-hide: all">a</p>',
        "<style>a:hover { color: #333 } @media (max-width: 9px) { p { margin: 0 } }</style>",
        "<style>/* display: flex */ p { color: #333 }</style>",
        '<p style="border-radius: 4px">a</p>',
        "<p>display: flex</p><!-- <video> -->",
        '<p title="position: absolute">a</p>',
        '<img alt="" src="https://x.example/a.png">',
        '<img alt="a" src="https://x.example/webp">',
        '<a name="top"></a><a href="https://x.example">{{ name }}</a>',
        '<a href="https://x.example"><img alt="Shop" src="https://x.example/a.png"></a>',
        '<a href="https://x.example" aria-label="Shop"><img alt="" src="https://x.example/a.png"></a>',
    ],
)
def test_what_they_show_or_do_well_without_is_no_finding(html):
    assert found(html) == []


def test_each_feature_is_told_once_for_a_part():
    html = '<p style="position: absolute">a</p>\n' * 5
    assert [line for _, line, problem in said(html) if "position" in problem] == [1]
    layout = f"{html}{{{{ content }}}}"
    places = [
        (where, line) for where, line, text in said(html, layout=layout) if "position" in text
    ]
    assert places == [("body", 1), ("layout", 1)]


@pytest.mark.parametrize(
    ("body", "body_format", "line", "problem"),
    [
        ("<p>\n<img src='https://x.example/a.png'></p>", "html", 2, "an image has no text"),
        ("Hi\n\n![](https://x.example/a.png)", "markdown", 3, "an image has no text"),
        ("<p>\n\n<a href='https://x.example'> </a></p>", "html", 3, "a link has no text"),
        ("Hi [](https://x.example)", "markdown", 1, "a link has no text"),
        ("<a href='https://x.example'><img alt='' src='https://x.example/a.png'></a>", "html", 1,
         "a link has no text"),
        ("<button></button>", "html", 1, "a button has no text"),
        ("Hi\n\n<img src='https://x.example/a.png'>", "markdown", 3, "an image has no text"),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_a_finding(body, body_format, line, problem):
    assert [at for _, at, text in said(body, body_format) if problem in text] == [line]


def test_code_that_markdown_shows_is_no_image():
    assert said("Hi `![](x.png)`\n\n```\n<video>\n[](y)\n```\n", "markdown") == []


@pytest.mark.parametrize(
    ("html", "hard"),
    [
        ('<p style="color: #aaa">Grey words</p>', True),
        ('<p style="color: rgb(119, 119, 119)">Grey words</p>', True),  # 4.48
        ('<p style="color: #767676">Grey words</p>', False),  # 4.54
        ('<h1 style="color: #888">Grey words</h1>', False),  # large
        ('<table bgcolor="#000080"><tr><td>Dark words</td></tr></table>', True),
        ('<table bgcolor="#000080"><tr><td style="color: white">Light</td></tr></table>', False),
        ('<div style="background: #06c"><a href="https://x.example">Blue</a></div>', True),
        ("<style>.b { background: #06c; color: #fff }</style>"
         '<div class="b"><p>White</p></div>', False),
        ('<div style="background: url(x.png); color: #fff">On a picture</div>', False),
        ('<div style="background: linear-gradient(#000, #111); color: #fff">Dark</div>', False),
        ('<p style="color: {{ shade }}">Any</p>', False),
        ('<p style="display: none; color: #fff">Hidden</p>', False),
        ('<p style="color: #eee"><br>Words after a void tag</p>', True),
        ('<div style="color: #eee"></div><p>After</p>', False),
    ],
)  # fmt: skip
def test_text_that_is_hard_to_read_is_a_finding(html, hard):
    findings = [each for each in said(html) if "hard to read" in each[2]]
    assert len(findings) == hard
    assert all(line == 1 for _, line, _ in findings)


def test_contrast_is_as_the_guidelines_count_it():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("BIG SALE TODAY", "capitals"),
        ("{{ name }}, LAST CHANCE", "capitals"),
        ("ПОСЛЕДНИЙ ШАНС", "capitals"),
        ("Win now!!", "shouts"),
        ("Win! Now!", "shouts"),
        ("Really?!", "shouts"),
    ],
)
def test_a_subject_that_shouts(subject, problem):
    (finding,) = found("<p>Hi</p>", subject=subject)
    assert (finding.where, problem in finding.problem) == ("subject", True)


@pytest.mark.parametrize(
    "subject",
    ["NASA news", "Hello!", "{{ NAME_OF_CUSTOMER }} hi", "USA", "Did you know?", "最新情報"],
)
def test_a_subject_that_does_not(subject):
    assert found("<p>Hi</p>", subject=subject) == []


HTML = (
    "<p>Our autumn teas have arrived, with seven kinds of green leaves from Japan and China.</p>"
    '<p><a href="https://x.example/teas">See them</a></p>'
)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", []),
        ("Our autumn teas have arrived: seven kinds of green leaves. https://x.example/teas", []),
        ("Our autumn teas have arrived: seven kinds of green leaves, from Japan", ["links to"]),
        (
            "Please look at this mail in another program. https://x.example/teas",
            ["differs from"],
        ),
        ("Nothing here", ["links to", "differs from"]),
    ],
)
def test_a_text_part_that_differs_from_the_html(text, problems):
    texts = [problem for where, _, problem in said(HTML, text=text) if where == "text"]
    assert len(texts) == len(problems)
    assert all(wanted in problem for wanted, problem in zip(problems, texts, strict=True))


@pytest.mark.parametrize(
    "address",
    [
        "Ada's Shop, 12 Long Lane, London",
        "P.O. Box 5",
        "Hauptstr. 5, 10115 Berlin",
        "London SW1A 1AA",
        "Springfield, IL 62704",
        "{{ postal_address }}",
        "75001 Paris",
    ],
)
def test_an_address_of_the_sender_is_known(address):
    source = MessageSource("s", f"Hi\n\n{address}\n")
    assert list(lint(source, Envelope("a@example.com", keywords={"postal_address": "x"}))) == []


def test_a_missing_address_is_a_hint_for_advertising_only():
    source = MessageSource("s", "Hi, only 12 left of 2026's teas\n")
    (hint,) = lint(source, Envelope("a@example.com"))
    assert "postal address" in hint.problem
    assert hint.severity is Severity.HINT
    assert list(lint(source, Envelope("a@example.com", transactional=True))) == []


def test_nothing_stops_a_campaign():
    body = '<video></video><img src="https://x.example/a.webp"><p style="color: #eee">a</p>'
    findings = found(body, subject="BIG SALES!!")
    assert len(findings) == 6
    assert Severity.ERROR not in {each.severity for each in findings}


def test_the_data_are_of_the_three_programs():
    programs = {program.split(" on ")[0] for each in missing().values() for program in each}
    assert programs == {"Gmail", "Outlook", "Apple Mail"}
    assert len(missing()) > 100
