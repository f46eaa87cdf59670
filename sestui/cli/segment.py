"""`sestui segment …`: contacts chosen by an expression."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.export import Form, Out, Raw, format_of, is_stdout, target
from sestui.cli.shared import completion
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say
from sestui.core.clock import iso

if TYPE_CHECKING:
    from sestui.audience.segments import ChosenSegment, ExplainedLeaf
    from sestui.core.segments.present import Present
    from sestui.runtime import Runtime
    from sestui.store.segments.segments import NamedSegment

app = Commands(help="Segments: contacts chosen by an expression.", no_args_is_help=True)

SegmentName = Annotated[
    str, typer.Argument(metavar="NAME", help="The segment.", autocompletion=completion.segments)
]
NameOrExpression = Annotated[
    str,
    typer.Argument(
        metavar="NAME|EXPRESSION",
        help="A segment, or an expression: 'plan == \"pro\"'.",
        autocompletion=completion.segments,
    ),
]

_SHOWN = 5
"""Contacts that `show` names."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help="Whom it is for: 'plan == \"pro\"'.")
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Change the segment if it exists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Save an expression under a name."""
    from sestui.audience.segments import choose  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        saved = runtime.segments.save(name, expression, runtime.clock.now(), replace=replace)
        chosen = choose(runtime.segments, saved.name)
        count = _count(runtime, chosen)
        unknown = _warn_of_unknown(runtime, chosen)
    if as_json:
        put_json(_as_dict(saved) | {"contacts": count, "unknown": unknown})
    else:
        put(f"Saved {saved.name}: {_contacts(count)} now.")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List every segment with its expression."""
    with opened() as runtime:
        found = runtime.segments.all()
    if as_json:
        put_json([_as_dict(each) for each in found])
    elif found:
        rows = [(each.name, _on_one_line(each.expression)) for each in found]
        put_table(("segment", "expression"), rows)
    else:
        say("No segments yet: `sestui segment add NAME EXPRESSION` saves one.")


@app.command("show")
def show(name: SegmentName, *, as_json: AsJson = False) -> None:
    """Show a segment: its expression, how many contacts are in it, and the newest of them."""
    from sestui.audience.segments import choose  # noqa: PLC0415 - the database is slow to import
    from sestui.store.segments.segment_queries import sample_segment  # noqa: PLC0415 - as above

    with opened() as runtime:
        segment = runtime.segments.get(name)
        chosen = choose(runtime.segments, name)
        count = _count(runtime, chosen)
        sample = sample_segment(runtime.database, chosen.resolved, _present(runtime), _SHOWN)
        users = runtime.segments.used_by(name)
        campaigns = runtime.segments.campaigns_of(name)
        changed = runtime.local_time(segment.updated_at)
    if as_json:
        put_json(
            _as_dict(segment)
            | {"contacts": count, "sample": sample}
            | {"used_by": users, "campaigns": campaigns}
        )
        return
    put(f"{segment.name}  {_contacts(count)}  changed {changed}")
    for line in segment.expression.split("\n"):
        put(f"  {line}")
    if users:
        put(f"used by {', '.join(users)}")
    if campaigns:
        put(f"for the campaign{'' if len(campaigns) == 1 else 's'} {', '.join(campaigns)}")
    for email in sample:
        put(f"  {email}")
    if count > len(sample):
        put(f"  and {count - len(sample):,} more")


@app.command("count")
def count_(segment: NameOrExpression, *, as_json: AsJson = False) -> None:
    """Count the contacts in a segment."""
    from sestui.audience.segments import choose  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        chosen = choose(runtime.segments, segment)
        count = _count(runtime, chosen)
        unknown = _warn_of_unknown(runtime, chosen)
    if as_json:
        put_json({"segment": segment, "contacts": count, "unknown": unknown})
    else:
        put(f"{count:,}")


@app.command("explain")
def explain(
    segment: NameOrExpression,
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="A contact; without one, all are counted.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say condition by condition why a contact is in a segment or not, or how many fulfil each."""
    from sestui.audience.segments import (  # noqa: PLC0415 - the database is slow to import
        choose,
        explain_contact,
        explain_counts,
    )

    with opened() as runtime:
        chosen, present = choose(runtime.segments, segment), _present(runtime)
        if not email:
            total = runtime.contacts.count()
            count = _count(runtime, chosen)
            found = explain_counts(runtime.database, runtime.segments, chosen, present, total)
            _put_counts(found, count, total, as_json=as_json)
            return
        is_in, found = explain_contact(runtime.database, runtime.segments, chosen, present, email)
        if as_json:
            put_json({"email": email, "in": is_in, "conditions": [_condition(it) for it in found]})
            return
        put(f"{email} is {'in' if is_in else 'not in'} {chosen.name or 'the segment'}.")
        for each in found:
            put(f"{'yes' if each.holds else 'no':<4}{'  ' * each.level}{_told(each, runtime)}")


@app.command("export")
def export(
    segment: NameOrExpression, *, out: Out = None, form: Form = "csv", raw: Raw = False
) -> None:
    """Export the contacts in a segment with every attribute."""
    from sestui.audience.export import write_contacts  # noqa: PLC0415 - the database is slow
    from sestui.audience.segments import choose  # noqa: PLC0415 - as above
    from sestui.store.contacts.changes.selection import Selection  # noqa: PLC0415 - as above

    written_as = format_of(form)
    with opened() as runtime:
        chosen = choose(runtime.segments, segment)
        selection = Selection(segment=(chosen.resolved, _present(runtime)))
        with target(out) as file:
            count = write_contacts(runtime.database, selection, file, form=written_as, raw=raw)
    if not is_stdout(out):
        say(f"{count:,} contacts written to {out}.")


@app.command("remove")
def remove(name: SegmentName, *, as_json: AsJson = False) -> None:
    """Remove a segment that no campaign and no other segment uses; its contacts stay."""
    with opened() as runtime:
        gone = runtime.segments.remove(name)
    if as_json:
        put_json(_as_dict(gone) | {"removed": True})
    else:
        put(f"Removed {gone.name}, which was: {_on_one_line(gone.expression)}")


def _present(runtime: "Runtime") -> "Present":
    from sestui.core.segments.present import Present  # noqa: PLC0415 - with what uses it

    return Present(runtime.clock.now(), runtime.settings.zone)


def _count(runtime: "Runtime", chosen: "ChosenSegment") -> int:
    from sestui.store.segments.segment_queries import count_segment  # noqa: PLC0415 - slow to import

    return count_segment(runtime.database, chosen.resolved, _present(runtime))


def _warn_of_unknown(runtime: "Runtime", chosen: "ChosenSegment") -> list[str]:
    from sestui.store.segments.segment_queries import unknown_names  # noqa: PLC0415 - as above

    unknown = unknown_names(runtime.database, chosen.resolved)
    for each in unknown:
        say(f"warning: no contact has {each}.")
    return unknown


def _on_one_line(expression: str) -> str:
    """As much as fits: behind a comment's end there would be none on one line."""
    first, line_end, _ = expression.partition("\n")
    return f"{first} …" if line_end else first


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count:,} contacts"


def _as_dict(segment: "NamedSegment") -> dict[str, Any]:
    return {
        "name": segment.name,
        "expression": segment.expression,
        "created_at": iso(segment.created_at),
        "updated_at": iso(segment.updated_at),
    }


def _condition(each: "ExplainedLeaf") -> dict[str, Any]:
    found: dict[str, Any] = {"condition": each.text, "level": each.level}
    if each.contacts is not None:
        return found | {"contacts": each.contacts}
    found["holds"] = each.holds
    if each.subject:
        value = (iso(each.value) or None) if each.is_instant else each.value
        found |= {"value_of": each.subject, "value": value}
    return found


def _told(each: "ExplainedLeaf", runtime: "Runtime") -> str:
    if not each.subject:
        return each.text
    if each.value is None:
        return f"{each.text}    {each.subject} is missing"
    if each.is_instant:
        return f"{each.text}    {each.subject} {runtime.local_time(each.value)}"
    shown = f'"{each.value}"' if isinstance(each.value, str) else str(each.value)
    return f"{each.text}    {each.subject} is {shown}"


def _put_counts(found: "list[ExplainedLeaf]", count: int, total: int, *, as_json: bool) -> None:
    if as_json:
        conditions = [_condition(each) for each in found]
        put_json({"contacts": count, "of": total, "conditions": conditions})
        return
    put(f"{count:,} of {_contacts(total)} are in it.")
    width = max(len(f"{each.contacts:,}") for each in found)
    for each in found:
        put(f"{each.contacts:>{width},}  {'  ' * each.level}{each.text}")
