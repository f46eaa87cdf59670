"""`sestui campaign copy|rename|archive|delete`: campaigns as a whole."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say

if TYPE_CHECKING:
    from sestui.runtime import Runtime

NewName = Annotated[str, typer.Argument(metavar="NEW", help="The name that it gets.")]


def copy_command(name: Name, new_name: NewName = "", *, as_json: AsJson = False) -> None:
    """Copy a campaign: the same message and fields, never sent and not scheduled."""
    with opened() as runtime:
        upkeep = runtime.campaign_upkeep
        copied = upkeep.copy(name, new_name or upkeep.free_name(name), runtime.clock.now())
        view = runtime.overview.campaign(copied.name)
    if as_json:
        put_json(view.as_dict())
        return
    put(f"{copied.name} is a copy of {name}")
    say("It has no schedule and no start; nothing sends it until you say so.")


def rename_command(name: Name, new_name: NewName, *, as_json: AsJson = False) -> None:
    """Rename a campaign: its runs, log and schedule stay, and tasks start it by the new name."""
    with opened() as runtime:
        tasks = runtime.campaign_upkeep.rename(name, new_name, runtime.clock.now())
    if as_json:
        put_json({"campaign": new_name, "renamed_from": name, "tasks": list(tasks)})
        return
    put(f"{name} is {new_name} now")
    for task in tasks:
        say(f"The task {task} starts {new_name} now.")
    say(f"A file that you apply has to say `name: {new_name}`; by the old name it makes a new one.")


def archive_command(
    name: Name,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Archive a campaign: its history stays, lists leave it out, and nothing starts it."""
    with opened() as runtime:
        if undo:
            notes = _brought_back(runtime, name)
        else:
            tasks = runtime.campaign_upkeep.archive(name, runtime.clock.now())
            notes = [f"The task {task}, which starts it, is off now." for task in tasks]
        view = runtime.overview.campaign(name)
    if as_json:
        put_json(view.as_dict())
        return
    put(f"{name} is back" if undo else f"{name} is archived")
    for note in notes:
        say(note)
    if not undo:
        say(f"`sestui campaign archive {name} --undo` brings it back.")


def _brought_back(runtime: "Runtime", name: str) -> list[str]:
    """Restore it from the archive; returns sentences on what stays switched off."""
    use = runtime.campaign_upkeep.bring_back(name, runtime.clock.now())
    campaign = runtime.campaigns.get(name)
    notes = [
        f"The task {task}, which starts it, is off; `sestui task enable {task}` switches it on."
        for task in use.tasks
        if task not in use.active_tasks
    ]
    if campaign.schedule or campaign.start_at is not None:
        notes.append("Its own schedule is off until you apply its file or save it in Compose.")
    return notes


def delete_command(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a campaign that has never been sent; any other can be archived."""
    with opened() as runtime:
        upkeep = runtime.campaign_upkeep
        use = upkeep.use(name)
        if not yes and not use.sent:
            tests = f" and the records of its tests ({use.tests:,})" if use.tests else ""
            typer.confirm(f"Delete {name}{tests}", abort=True, err=True)
        tests_deleted = upkeep.delete(name)
    if as_json:
        put_json({"deleted": name, "tests": tests_deleted})
    else:
        put(f"{name} is deleted")
