"""`sestui list …`: lists with their sizes; rename, merge and delete them."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say

if TYPE_CHECKING:
    from sestui.store.contacts.contact_lists import ListChanged

app = Commands(help="Lists of contacts: rename, merge, delete.", no_args_is_help=True)

ListName = Annotated[
    str, typer.Argument(metavar="NAME", help="The list.", autocompletion=completion.lists)
]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


@app.command("show")
def show(*, as_json: AsJson = False) -> None:
    """Show every list and its number of contacts."""
    with opened() as runtime:
        found = runtime.contacts.lists()
    if as_json:
        put_json([{"name": each.name, "contacts": each.contacts} for each in found])
    elif found:
        put_table(("list", "contacts"), [(each.name, f"{each.contacts:,}") for each in found])
    else:
        say("No lists yet: `sestui import FILE --list NAME` makes one.")


@app.command("rename")
def rename(
    name: ListName,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Rename a list, also in the campaigns, tasks and segments that use it."""
    from sestui.store.contacts.contact_lists import ContactLists  # noqa: PLC0415 - the database is slow

    with opened() as runtime:
        done = ContactLists(runtime.database).rename(name, new_name, runtime.clock.now())
    _put(done, "now uses the new name", as_json=as_json)


@app.command("merge")
def merge(
    name: ListName,
    into: Annotated[
        str,
        typer.Argument(
            metavar="INTO", help="The list that stays.", autocompletion=completion.lists
        ),
    ],
    *,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move all contacts of a list to another one, and delete the first."""
    from sestui.core.campaign.audience import Audience  # noqa: PLC0415 - as below
    from sestui.store.contacts.contact_lists import ContactLists  # noqa: PLC0415 - as above

    with opened() as runtime:
        lists = ContactLists(runtime.database)
        audiences = [Audience((name,)), Audience((into,))]
        sizes = dict(zip((name, into), runtime.audiences.sizes(audiences), strict=True))
        if not yes and None not in sizes.values():
            named = lists.mentions(name).sentence()
            more = (
                f" Afterwards {named} will use {into}, with all of its contacts." if named else ""
            )
            question = f"Merge {name} ({sizes[name]:,}) into {into} ({sizes[into]:,})?{more}"
            typer.confirm(question, abort=True, err=True)
        done = lists.merge(name, into, runtime.clock.now())
    _put(done, f"now uses {into}", as_json=as_json)


@app.command("delete")
def delete(name: ListName, *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a list that no campaign, task or segment uses; its contacts stay."""
    from sestui.core.campaign.audience import Audience  # noqa: PLC0415 - as below
    from sestui.store.contacts.contact_lists import ContactLists  # noqa: PLC0415 - as above

    with opened() as runtime:
        size = runtime.audiences.sizes([Audience((name,))])[0]
        if not yes and size is not None:
            question = f"Delete the list {name}? Its {size:,} contacts stay."
            typer.confirm(question, abort=True, err=True)
        done = ContactLists(runtime.database).delete(name, runtime.clock.now())
    _put(done, "", as_json=as_json)


def _put(done: "ListChanged", now: str, *, as_json: bool) -> None:
    if as_json:
        put_json(
            {
                "done": done.said,
                "contacts": done.contacts,
                "campaigns": list(done.mentions.campaigns),
                "tasks": list(done.mentions.tasks),
                "segments": list(done.mentions.segments),
            }
        )
        return
    put(f"{done.said}.")
    for kind, names in done.mentions.by_kind():
        for each in names:
            put(f"The {kind} {each} {now}.")
    say("`sestui undo` takes it back.")
