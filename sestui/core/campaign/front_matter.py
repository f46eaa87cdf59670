"""Read and write the YAML between two ``---`` lines at the top of a file.

A front matter is a handful of plain values, so YAML's surprises are switched off: only true and
false are booleans (Norway's ``no`` is text), ``0123``, ``9:30`` and dates stay as typed, anchors
and aliases (and with them YAML bombs) are refused, and so are fields given twice.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from sestui.core.text import printable
from sestui.errors import BadFileError

_MAX_CHARACTERS = 64_000
_BREAKS = frozenset("\n\r\x85\u2028\u2029\ufeff")
"""Characters that YAML takes for a line break, or drops."""
_ENDLESS = 2**31
_UNQUOTED_TEMPLATE = re.compile(r"^\s*(?:- )?\s*[\w]+:\s*\{[{%].*$", re.MULTILINE)


class FrontMatterFault(Exception):  # noqa: N818 - turned into a BadFileError with the file's name
    """A problem (the end of a sentence) and its line in the file, from 1; None if unknown."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields with their lines, and the body."""

    values: dict[str, Any]
    lines: dict[str, int]
    """Line in the file on which each field's value begins, from 1."""
    body: str
    body_line: int
    """Line in the file on which the body begins, from 1."""


def read_front_matter(content: str) -> FrontMatter:
    """Split and read a file's text.

    Raises:
        FrontMatterFault: the front matter is missing, unclosed or invalid.
    """
    lines = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(line.strip() for line in lines):
        raise FrontMatterFault(None, "the file is empty")
    if lines[0].rstrip() != "---":
        raise FrontMatterFault(
            1, "there is no front matter; begin with a line '---', then 'name: ...' and so on"
        )
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise FrontMatterFault(1, "the front matter is not closed; put a line '---' after it")
    source = "\n".join(lines[1:end])
    if len(source) > _MAX_CHARACTERS:
        raise FrontMatterFault(1, f"the front matter is longer than {_MAX_CHARACTERS:,} characters")
    values, found = _read_yaml(source)
    body_line = end + 2
    while end + 1 < len(lines) and not lines[end + 1].strip():
        end += 1
        body_line += 1
    return FrontMatter(values, found, "\n".join(lines[end + 1 :]), body_line)


class _Loader(yaml.SafeLoader):
    """YAML without anchors, aliases and surprising types."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None):  # aliases have one too
            raise yaml.composer.ComposerError(
                None,
                None,
                "anchors and aliases (& and *) can't be used; quote the value",
                event.start_mark,
            )
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    # 9.50 stays text: as a number it would be mailed as 9.5.
    ("float", r"-?(?:0|[1-9][0-9]*)\.(?:0|[0-9]*[1-9])", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def _read_yaml(source: str) -> tuple[dict[str, Any], dict[str, int]]:
    loader = None
    try:
        loader = _Loader(source)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            raise FrontMatterFault(2, "the front matter must be fields, as in 'name: news'")
        _refuse_repeats(node)
        _check_names_are_text(node)
        # The value's line, from which errors in a template of several lines are counted.
        lines = {str(key.value): value.start_mark.line + 2 for key, value in node.value}
        lines |= {
            str(key.value): value.start_mark.line + 3
            for key, value in node.value
            if isinstance(value, yaml.ScalarNode) and value.style in {"|", ">"}
        }
        values = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else None
        raise FrontMatterFault(line, _explained(source, error.problem or "", line)) from error
    except yaml.YAMLError as error:
        raise FrontMatterFault(None, "the front matter holds characters YAML forbids") from error
    except (ValueError, OverflowError) as error:
        raise FrontMatterFault(None, "the front matter holds an impossible number") from error
    except RecursionError as error:
        raise FrontMatterFault(None, "the front matter is nested too deeply") from error
    finally:
        if loader is not None:
            loader.dispose()
    return values, lines


def _refuse_repeats(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise FrontMatterFault(
                        key.start_mark.line + 2, f"the field {key.value!r} is given twice"
                    )
                seen.add(key.value)
            _refuse_repeats(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeats(item)


def _check_names_are_text(node: yaml.MappingNode) -> None:
    # In YAML a name may also be a number, a boolean, null or even a list.
    for key, _ in node.value:
        if key.tag != "tag:yaml.org,2002:str":
            given = f", not {key.value}" if isinstance(key, yaml.ScalarNode) and key.value else ""
            raise FrontMatterFault(
                key.start_mark.line + 2, f"the name of a field must be text{given}"
            )


def _explained(source: str, problem: str, line: int | None) -> str:
    lines = source.split("\n")
    # The parser may only notice on the line after.
    near = lines[max(0, (line or 0) - 3) : (line or 0) - 1]
    if any(_UNQUOTED_TEMPLATE.match(each) for each in near):
        return (
            "a value that begins with {{ must stand in quotes, as in "
            "subject: \"{{ first_name or 'Hello' }}\""
        )
    hint = "; quote the value" if "quote" not in problem else ""
    return f"the front matter is not valid YAML ({problem}){hint}"


def write_front_matter(values: Mapping[str, Any]) -> str:
    """YAML lines that :func:`read_front_matter` reads as the same values."""
    return "".join(f"{name}: {_written(value)}\n" for name, value in values.items())


def on_one_line(value: Any) -> str:
    """The value as YAML on one line."""
    dumped = _dumped(value, flow=True)
    return dumped.removeprefix("{k: ").removesuffix("}")


def _written(value: Any) -> str:
    if isinstance(value, str) and _BREAKS & set(value) == {"\n"}:
        block = _dumped(_Block(value), flow=False).removeprefix("k: ")
        if block.startswith("|"):
            return block
    return on_one_line(value)


def _dumped(value: Any, *, flow: bool) -> str:
    # As a mapping's value: alone, some strings would be written as a document.
    dumped: str = yaml.dump(
        {"k": value},
        Dumper=_Dumper,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=_ENDLESS,
    )
    return dumped.rstrip("\n")


class _Block(str):
    """Text to be written as a block of lines."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes what :class:`_Loader` reads."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # the loader refuses them


_TEXT = "tag:yaml.org,2002:str"


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # A template must be quoted, and often holds single quotes itself.
    quoted = value.startswith("{") and "'" in value and '"' not in value
    return dumper.represent_scalar(
        _TEXT, value, style='"' if quoted or _BREAKS & set(value) else None
    )


def _block(dumper: yaml.SafeDumper, value: _Block) -> yaml.Node:
    return dumper.represent_scalar(_TEXT, value, style="|")


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    # Without an exponent, which would be read as text.
    text = format(Decimal(repr(value)), "f") if math.isfinite(value) else repr(value)
    text = text if "." in text else f"{text}.0"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Block, _block)
_Dumper.add_representer(float, _float)


def read_yaml(content: str, path: str) -> dict[str, Any]:
    """The values of a file that is YAML as a whole; ``path`` is shown in errors.

    Raises:
        BadFileError: it isn't valid YAML; names file and line.
    """
    begins = content.lstrip("\ufeff").startswith("---")
    body = content.rstrip().removesuffix("\n---").removesuffix("\n...")
    try:
        whole = f"{body}\n---\n" if begins else f"---\n{body}\n---\n"
        return read_front_matter(whole).values
    except FrontMatterFault as fault:
        line = fault.line and fault.line - (not begins)
        place = f"{path}, line {line}" if line else path
        problem = fault.problem.replace("front matter", "file")
        raise BadFileError(f"{place}: {printable(problem)}.") from fault
