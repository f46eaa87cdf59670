import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.tui.widgets.html_content import MOST_CHARACTERS, html_content

MAIL = """<html><head><title>no</title><style>p {}</style></head><body>
<div style="display: none">preheader</div>
<h1>Hi <b>Ada</b></h1>
<p>One
line <a href="https://x.example">with a link</a>.<br>Next<br><br><br>far</p>
<ul><li>one<li>two <ol start="3"><li>deep</li><li>er</ol></ul>
<blockquote><p>said</p></blockquote>
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
<pre>a
  b</pre><hr><img src="x" alt="a logo"><img src="y"><img src="z" width="1">
<script>no()</script>&lt;tag&gt;
"""

DRAWN = f"""Hi Ada

One line with a link.
Next

far

• one
• two
  3. deep
  4. er

▌ said

A │ B
1 │ 2

a
  b

{"─" * 40}

[a logo][image] <tag>"""


def test_a_mail_is_drawn_as_a_person_reads_it():
    content = html_content(MAIL)
    assert content.plain == DRAWN
    styles = {content.plain[span.start : span.end]: str(span.style) for span in content.spans}
    assert styles["Ada"] == "bold underline $text-primary bold"
    assert styles["with a link"] == "underline $text-primary"
    assert styles["B"] == "bold"


@pytest.mark.parametrize(
    ("html", "drawn"),
    [
        ("", ""),
        ("<p>[bold]x[/bold] [/]</p>", "[bold]x[/bold] [/]"),
        ("<p>\x1b[31mred\u202ex</p>", "\\x1b[31mred\\u202ex"),
        ("</p></b><p>a</p></i>", "a"),
        ("<p>日本語 e\u0301</p>", "日本語 e\u0301"),
        ("<![:", "<![:"),
    ],
)
def test_nothing_in_it_is_obeyed(html, drawn):
    assert html_content(html).plain == drawn


def test_endless_mails_are_cut():
    assert len(html_content("<p>word</p>" * 20_000).plain) < MOST_CHARACTERS * 2
    began = time.monotonic()
    html_content("<div>" * 20_000 + "x")
    html_content("<ul>" + "<li>a" * 20_000)
    html_content("<div><b><p>a" * 10_000)
    assert time.monotonic() - began < 5


@given(st.text("<>/pabliou l&;!-[=\"' \n1", max_size=80))
def test_any_text_is_drawn(html):
    assert "\n\n\n" not in html_content(html).plain
