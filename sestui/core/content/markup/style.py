"""Styles of Markdown mails: one readable column, dark on light."""

import re

STYLE = """
body { margin: 0; padding: 0; background: #f4f4f5; }
.mail { max-width: 600px; margin: 0 auto; padding: 24px; background: #ffffff; color: #1f2328;
  font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;
  font-size: 16px; line-height: 1.5; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; }
h2 { font-size: 21px; line-height: 1.3; margin: 28px 0 12px; }
h3 { font-size: 17px; margin: 24px 0 8px; }
p { margin: 0 0 16px; }
a { color: #0b57d0; }
img { max-width: 100%; height: auto; border: 0; }
ul, ol { margin: 0 0 16px; padding-left: 24px; }
blockquote { margin: 0 0 16px; padding-left: 16px; border-left: 4px solid #d0d7de;
  color: #59636e; }
table { border-collapse: collapse; margin: 0 0 16px; }
th, td { padding: 6px 12px; border: 1px solid #d0d7de; text-align: left; }
code { font-family: Menlo, Consolas, monospace; font-size: 14px; background: #f4f4f5;
  padding: 2px 4px; }
pre { margin: 0 0 16px; padding: 12px; background: #f4f4f5; overflow: auto; }
hr { border: 0; border-top: 1px solid #d0d7de; margin: 24px 0; }
@media (max-width: 480px) { .mail { padding: 16px !important; } }
"""

PAGE = """<!DOCTYPE html>
<html{language}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style {base}>{style}</style>
</head>
<body>
<div class="mail"{language}>
{content}</div>
</body>
</html>
"""

BASE_STYLE = "data-base"
"""Marks our own style sheet, from which unused rules are removed."""

_FILLER = "\u034f\u200c\u00a0" * 100
"""Invisible characters that keep the body's first words out of the preview."""

PREHEADER = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;'
    'overflow:hidden;mso-hide:all">{text}'
    f'<span aria-hidden="true">{_FILLER}</span></div>'
)


def mirrored(css: str) -> str:
    """The style sheet mirrored, for text that is read from right to left."""
    return re.sub(r"\b(?:left|right)\b", lambda m: "left" if m[0] == "right" else "right", css)
