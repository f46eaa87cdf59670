"""`sestui setup`: create the path of SES's events, write the settings, and test it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say
from sestui.core.delivery.states import RunState
from sestui.errors import (
    EXIT_NEEDS_OPERATOR,
    AccountError,
    StateError,
    StoppedError,
    UsageError,
)
from sestui.ses_api.event_path import USUAL_NAME, EventPath

if TYPE_CHECKING:
    from sestui.feedback.loop_proof import LoopProof, Probe
    from sestui.runtime import Runtime
    from sestui.ses.setup.event_setup import EventSetup, PlannedPart
    from sestui.ses.setup.removal import Removal

_SIMULATED_SENDER = "setup@example.com"
_LOWEST_RATE = 1.0
"""Mails a second in SES's sandbox."""


class PlanFormat(StrEnum):
    """The formats of ``--plan``."""

    YAML = "yaml"
    JSON = "json"
    CLI = "cli"


def setup_command(
    *,
    sender: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="EMAIL",
            help="A verified sender: prove it by mails to SES's mailbox simulator.",
        ),
    ] = "",
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The name for what is created.")
    ] = USUAL_NAME,
    wait: Annotated[
        float,
        typer.Option(min=1, max=3600, metavar="SECONDS", help="Wait this long for the events."),
    ] = 120.0,
    plan: Annotated[
        PlanFormat | None,
        typer.Option(
            help="Create nothing; print a CloudFormation template, or lines of the AWS CLI."
        ),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Delete what setup has created.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let SES report the results of mails: create the queue for its events, and test it."""
    if remove and (plan is not None or sender):
        raise UsageError("--remove goes with --name and --yes only.")
    _check_sender(sender)
    with opened() as runtime:
        if plan is not None:
            _print_plan(runtime, name, plan)
        elif runtime.ses.simulated and remove:
            raise UsageError(
                "The simulator has a queue of its own; there is nothing to remove.",
                by_option="--account ses is for SES.",
            )
        elif remove:
            _remove(runtime, name, yes=yes, as_json=as_json)
        elif runtime.ses.simulated:
            say("The simulator has its queue already; mails to it prove that its events come.")
            _simulated(runtime, sender or _SIMULATED_SENDER, wait, as_json=as_json)
        else:
            _set_up(runtime, name, sender, wait, yes=yes, as_json=as_json)


def _check_sender(sender: str) -> None:
    if not sender:
        return
    from sestui.core.campaign import values  # noqa: PLC0415 - it brings email-validator

    try:
        values.mailbox(sender)
    except values.BadValue as bad:
        raise UsageError(f"{bad.problem}.", option="--from") from bad


def _print_plan(runtime: "Runtime", name: str, plan: PlanFormat) -> None:
    from sestui.ses_api.event_path import is_name  # noqa: PLC0415 - with the rest
    from sestui.ses_api.event_path_plan import cli_lines, cloudformation  # noqa: PLC0415 - as above

    configuration_set = runtime.settings.configuration_set or name
    mailbox = runtime.settings.unsubscribe_mailbox
    if not is_name(name):
        raise UsageError("can't be the name: up to 59 letters, digits, - and _.", option="--name")
    if plan is PlanFormat.CLI:
        path = EventPath(name, configuration_set, runtime.ses.clients.region, "")
        _put_lines(cli_lines(path, mailbox))
        return
    template = cloudformation(name, configuration_set, mailbox)
    if plan is PlanFormat.JSON:
        put_json(template)
        return
    import yaml  # noqa: PLC0415 - few commands need it

    _put_lines(yaml.safe_dump(template, sort_keys=False, width=100).splitlines())


def _put_lines(lines: Sequence[str]) -> None:
    for line in lines:
        put(line)


def _set_up(
    runtime: "Runtime", name: str, sender: str, wait: float, *, yes: bool, as_json: bool
) -> None:
    setup = _event_setup(runtime, name)
    planned = setup.plan()
    _show(setup, planned)
    setup.check_owner(planned)
    is_open = any(each.is_open for each in planned)
    other = _other_queue(runtime.settings.events_queue, setup.path)
    if other:
        say(f"The setting events_queue names {other} now; it will name this queue instead.")
    if (is_open or other) and not yes:
        question = "Create this in your AWS account?" if is_open else "Change the setting?"
        typer.confirm(question, abort=True, err=True)
    if is_open:
        setup.create(planned, lambda each: say(f"{each.kind} {each.name}: done."))
    else:
        say("Everything exists already; there is nothing to create.")
    url = setup.queue_url
    written = _write({"configuration_set": setup.path.configuration_set, "events_queue": url})
    report: dict[str, Any] = {"parts": _parts(planned), "settings": written}
    if not sender:
        say("Prove that events come with a verified sender: `sestui setup --from EMAIL`.")
        if as_json:
            put_json(report)
        return
    from sestui.ses.event_queue import SqsQueue  # noqa: PLC0415 - boto3 is slow to import

    proof = _proof(runtime, SqsQueue(runtime.ses.clients, url))
    _prove(runtime, proof, sender, setup.path.configuration_set, wait)
    _conclude(proof, report, as_json=as_json)


def _other_queue(url: str, path: EventPath) -> str:
    """The queue in the settings if it isn't this path's; else ''."""
    return "" if url.endswith(f"/{path.account}/{path.name}") else url


def _simulated(runtime: "Runtime", sender: str, wait: float, *, as_json: bool) -> None:
    proof = _proof(runtime, runtime.ses.event_queue())
    _prove(runtime, proof, sender, "", wait)
    _conclude(proof, {"parts": [], "settings": {}}, as_json=as_json)


def _event_setup(runtime: "Runtime", name: str) -> "EventSetup":
    from sestui.ses.setup.event_setup import EventSetup  # noqa: PLC0415 - boto3 is slow to import

    return EventSetup(runtime.ses.clients, name, runtime.settings.configuration_set)


def _show(setup: "EventSetup", planned: Sequence["PlannedPart"]) -> None:
    say(f"In the AWS account {setup.path.account}, region {setup.path.region}:")
    for each in planned:
        say(f"  {each.kind:<18} {each.name:<40} {each.action}".rstrip())


def _parts(planned: Sequence["PlannedPart"]) -> list[dict[str, Any]]:
    return [
        {"kind": each.kind, "name": each.name, "action": str(each.found.state)} for each in planned
    ]


def _write(values: Mapping[str, str]) -> dict[str, str]:
    """Write the settings that differ, report and return them."""
    from sestui.config_file import config_path, read_config  # noqa: PLC0415 - pydantic is slow
    from sestui.settings_file import in_environment, write  # noqa: PLC0415 - as above

    there = read_config(config_path())
    changed = {name: value for name, value in values.items() if there.get(name, "") != value}
    if changed:
        write(changed)
        said = ", ".join(
            f"{name} = {value}" if value else f"{name} is back to its default"
            for name, value in changed.items()
        )
        say(f"Written to {config_path()}: {said}.")
    for name in values:
        if in_environment(name):
            say(f"SESTUI_{name.upper()} in the environment overrides the file.")
    return changed


def _remove(runtime: "Runtime", name: str, *, yes: bool, as_json: bool) -> None:
    from sestui.ses.setup.removal import removal_of  # noqa: PLC0415 - boto3 is slow to import

    found = removal_of(runtime.ses.clients, name, runtime.settings.configuration_set)
    chosen, written = found.parts, dict[str, str]()
    if not chosen:
        say(f"Nothing here carries the tag sestui = {name}.")
    else:
        _check_idle(runtime)
        if not yes:
            waiting = sum(each.found.holds for each in chosen)
            lost = f" {waiting:,} messages that wait there are lost." if waiting else ""
            listed = ", ".join(f"{each.kind} {each.name}" for each in chosen)
            typer.confirm(f"Delete {listed}?{lost}", abort=True, err=True)
        # First, so that no mail names what is gone.
        written = _write(_outdated_settings(runtime, found.main, chosen))
        found.run(lambda each: say(f"{each.kind} {each.name}: deleted."))
    _say_what_is_left(found)
    if as_json:
        left = [{"kind": each.kind, "name": each.name, "tag": each.path} for each in found.others]
        put_json({"removed": _parts(chosen), "settings": written, "left": left})


def _check_idle(runtime: "Runtime") -> None:
    if runtime.runs.in_states([RunState.SENDING]):
        raise StateError(
            "A run is sending, and its mail names the configuration set; pause it or let it end."
        )


def _say_what_is_left(found: "Removal") -> None:
    by_path: dict[str, list[str]] = {}
    for each in found.others:
        by_path.setdefault(each.path, []).append(f"{each.kind} {each.name}")
    for path, names in by_path.items():
        say(
            f"Left, as another name was given to setup: {', '.join(names)}. "
            f"`sestui setup --remove --name {path}` deletes it."
        )
    if found.unknown:
        say(f"Whether setup has created anything under another name is not known. {found.unknown}")


def _outdated_settings(
    runtime: "Runtime", setup: "EventSetup", chosen: Sequence["PlannedPart"]
) -> dict[str, str]:
    """The settings that name what is going to be deleted, with '' as their values."""
    parts = {(each.kind, each.name) for each in chosen}
    outdated = {}
    if ("configuration set", runtime.settings.configuration_set) in parts:
        outdated["configuration_set"] = ""
    queue = ("SQS queue", setup.path.name)
    if queue in parts and runtime.settings.events_queue == setup.queue_url:
        outdated["events_queue"] = ""
    return outdated


def _proof(runtime: "Runtime", queue: Any) -> "LoopProof":
    from sestui.feedback.loop_proof import LoopProof  # noqa: PLC0415 - the database is slow

    feedback = runtime.feedback
    return LoopProof(runtime.database, queue, runtime.clock, feedback.rules, feedback.mails)


def _prove(
    runtime: "Runtime", proof: "LoopProof", sender: str, configuration_set: str, wait: float
) -> None:
    from sestui.cli.setting_up.setup_proof import shown  # noqa: PLC0415 - rich, where somebody watches
    from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415 - with the sender
    from sestui.ses.probes import ProbeMailer  # noqa: PLC0415 - boto3 is slow to import

    rate = _rate(runtime)
    with stopped_by_signals(proof), shown(proof.probes) as show:
        proof.run(
            ProbeMailer(runtime.ses.clients, sender, configuration_set),
            mails_a_second=rate,
            limit_seconds=wait,
            on_change=show,
        )


def _rate(runtime: "Runtime") -> float:
    """The account's rate in mails a second; if unknown, that of every account."""
    try:
        rate = runtime.ses.reader.poll().max_send_rate
    except AccountError:  # a credential that may only send: sending will tell, if it is more
        return _LOWEST_RATE
    return rate if rate > 0 else _LOWEST_RATE


def _conclude(proof: "LoopProof", report: dict[str, Any], *, as_json: bool) -> None:
    from sestui.cli.setting_up.setup_proof import HEAD, row  # noqa: PLC0415 - as above
    from sestui.feedback.loop_proof import missing_sentence  # noqa: PLC0415 - as above

    if as_json:
        put_json(report | {"proof": [_probe(each) for each in proof.probes]})
    else:
        put_table(HEAD, [row(each) for each in proof.probes])
    if proof.is_complete:
        say("Proved: every event has come.")
        return
    if proof.was_stopped:
        raise StoppedError(
            "Stopped before every event had come; what is set up stays. Run it again to prove it."
        )
    say(missing_sentence(proof.probes))
    raise typer.Exit(EXIT_NEEDS_OPERATOR)


def _probe(probe: "Probe") -> dict[str, Any]:
    return {
        "mailbox": probe.mailbox,
        "awaited": probe.awaited.value,
        "events": probe.events,
        "seconds": None if probe.seconds is None else round(probe.seconds, 3),
    }
