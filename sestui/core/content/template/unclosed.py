"""Find the tag or block that is never closed, as Jinja names the line at which it gave up."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPENING = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_IN_TAG = re.compile(r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\{[{%#]|%\}|[{}]""")
_LINE_END = re.compile(r"\r\n?")
PAIRED = frozenset({"if", "for", "macro", "call", "filter", "with", "autoescape", "block"})
"""Tags that need an end tag, besides ``set`` without a value."""
_BLOCK_SET = re.compile(r"set\b[^=]*")
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Unclosed:
    """What is never closed."""

    line: int
    """Where it opens, from 1."""
    problem: str
    """The end of a sentence."""


def unclosed_tag(source: str) -> Unclosed | None:
    """The first tag or comment without its end; None if all have one.

    In a tag that another one follows before its end, the end was forgotten.
    """
    text = _LINE_END.sub("\n", source)
    at = 0
    while opening := _OPENING.search(text, at):
        end = _end_of(text, opening)
        if end is None:
            begin = opening.start()
            shown = text[begin : begin + _LONGEST_SHOWN + 1].split("\n")[0].rstrip()
            shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
            closing = _closing_of(text, opening)
            return Unclosed(
                text.count("\n", 0, begin) + 1, f"{shown} is not closed; end it with {closing}"
            )
        at = end
    return None


def _closing_of(text: str, opening: re.Match[str]) -> str:
    raw = _RAW.match(text, opening.start())
    return "{% endraw %}" if raw else _CLOSING[opening[0]]


def _end_of(text: str, opening: re.Match[str]) -> int | None:
    """Where the tag, comment or raw text ends; None: nowhere."""
    if opening[0] == "{#":
        end = text.find("#}", opening.end())
        return None if end < 0 else end + 2
    if raw := _RAW.match(text, opening.start()):
        found = _END_RAW.search(text, raw.end())
        return found.end() if found else None
    at, depth, closing = opening.end(), 0, _CLOSING[opening[0]]
    while sign := _IN_TAG.search(text, at):
        at = sign.end()
        if sign[0] == "{":
            depth += 1
        elif sign[0] == "}" and depth:
            depth -= 1
        elif text.startswith(closing, sign.start()):
            return sign.start() + 2
        elif sign[0][0] not in "'\"":
            return None  # another tag begins, or the end of another kind of tag
    return None


def unclosed_block(tokens: Iterable[tuple[int, str, str]]) -> Unclosed | None:
    """The innermost block without its end tag, by Jinja's tokens; None if there is none."""
    opened: list[tuple[int, str, str]] = []
    code: list[str] = []
    begin = 0
    for line, kind, text in tokens:
        if kind == "block_begin":
            code, begin = [], line
        elif kind != "block_end":
            code.append(text)
        else:
            inner = "".join(code).strip()
            name = inner.split(maxsplit=1)[0] if inner else ""
            if name in PAIRED or _BLOCK_SET.fullmatch(inner):
                opened.append((begin, name, inner))
            elif name.startswith("end") and opened:
                if name != f"end{opened[-1][1]}":
                    break  # it ends another block
                opened.pop()
    if not opened:
        return None
    line, name, inner = opened[-1]
    shown = inner if len(inner) <= _LONGEST_SHOWN else f"{inner[:_LONGEST_SHOWN]}…"
    return Unclosed(line, f"{{% {shown} %}} is not closed; end it with {{% end{name} %}}")
