"""`sestui contact …`: find contacts, see the results of their mail, suppress addresses."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.erase import erase_command
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say
from sestui.cli.verify import verify_command
from sestui.core.contact.person_name import name_of
from sestui.core.contact.preferences import ReaderChoice
from sestui.core.delivery.states import Standing, run_name
from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.reports.contact_record import ContactRecord
    from sestui.runtime import Runtime
    from sestui.store.contacts.pages import ContactLine

app = Commands(help="Find contacts, see their history, suppress them.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The contact's address.")]
EmailOrDomain = Annotated[
    str, typer.Argument(metavar="EMAIL|DOMAIN", help="An address, or a domain: example.org.")
]
OfList = Annotated[str, typer.Option("--list", metavar="NAME", help="On this list only.")]
OfStanding = Annotated[Standing | None, typer.Option("--status", help="Of this status only.")]


@app.command("find")
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Parts of addresses or attributes.")],
    *,
    list_name: OfList = "",
    status: OfStanding = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Show at most this many.")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """Find contacts that have each word of TEXT in their address or an attribute."""
    from sestui.store.contacts.key_queries import Which  # noqa: PLC0415 - as above
    from sestui.store.contacts.search import find_contacts  # noqa: PLC0415 - the database is slow

    found: list[ContactLine] = []
    more = False
    with opened() as runtime:
        which = Which(list_name or None, status)
        for step in find_contacts(runtime.database, which, text, most=limit):
            found += step.lines
            more = step.more
    if as_json:
        put_json([_as_dict(line) for line in found])
    elif found:
        rows = [(line.email, line.standing.value, name_of(line.attributes)) for line in found]
        put_table(("email", "status", "name"), rows)
    else:
        say("No contact matches.")
    if more:
        say(f"There are more than {limit:,}; add words, or raise --limit.")


@app.command("duplicates")
def duplicates(*, list_name: OfList = "", as_json: AsJson = False) -> None:
    """Show contacts whose addresses reach the same mailbox; nothing is merged.

    Gmail ignores dots, and several providers what stands behind a plus.
    """
    from sestui.audience.duplicates import shared_mailboxes  # noqa: PLC0415 - the database is slow

    groups, mailboxes, contacts = [], 0, 0
    with opened() as runtime:
        for each in shared_mailboxes(runtime.database, list_name or None):
            mailboxes += 1
            contacts += len(each.contacts)
            people = [
                {"email": contact.email, "status": contact.standing.value}
                for contact in each.contacts
            ]
            if as_json:
                groups.append({"mailbox": each.address, "contacts": people})
                continue
            put(each.address)
            for contact in each.contacts:
                put(f"  {contact.email}  {contact.standing.value}")
    if as_json:
        put_json({"mailboxes": mailboxes, "contacts": contacts, "groups": groups})
    elif mailboxes:
        many = "1 mailbox" if mailboxes == 1 else f"{mailboxes:,} mailboxes"
        say(f"{contacts:,} contacts share {many}. Nothing has been changed.")
    else:
        say("No two contacts share a mailbox, as far as addresses tell.")


app.command("erase")(erase_command)
app.command("verify")(verify_command)


def _as_dict(line: "ContactLine") -> dict[str, object]:
    return {
        "email": line.email,
        "is_contact": line.id is not None,
        "status": line.standing.value,
        "reason": line.reason,
        "attributes": line.attributes,
    }


@app.command("show")
def show(email: Email, *, as_json: AsJson = False) -> None:
    """Show a contact with its history: the result of each mail, and why.

    As JSON it is everything that is known of the person, with all mail and events.
    """
    with opened() as runtime:
        runtime.reap_dead_workers()
        record = runtime.contact_records.of(email, whole=as_json)
        if as_json:
            put_json(record.as_dict())
        else:
            _put_record(record, runtime)


def _put_record(record: "ContactRecord", runtime: "Runtime") -> None:
    standing = record.standing.value if record.standing else "not a contact"
    put(f"{record.email}  {standing}")
    contact, suppression = record.contact, record.suppression
    if suppression is not None:
        put(f"suppressed {runtime.local_time(suppression.created_at)}: {suppression.why}")
    if contact is None:
        put("no contact has this address")
    else:
        if contact.status_reason:
            put(f"{contact.status}: {contact.status_reason}")
        lists = ", ".join(f"{each.name} ({runtime.local_time(each.at)})" for each in record.lists)
        put(f"lists  {lists or 'none'}")
        _put_choices(record, runtime)
        if contact.tags:
            put(f"tags   {', '.join(contact.tags)}")
        for name, value in contact.attributes.items():
            put(f"  {name} = {value}")
    put("")
    if not record.history:
        put("No run has been started yet.")
    for entry in record.history:
        state = entry.state.label if entry.state else "not in it"
        run = run_name(entry.kind, entry.run)
        put(f"{entry.campaign} · {run}  {state}  {runtime.local_time(entry.at)}")
        put(f"  {entry.why}")


def _put_choices(record: "ContactRecord", runtime: "Runtime") -> None:
    """Print the contact's choices on the unsubscribe page, and whether they are in force."""
    if record.paused_until is not None:
        put(f"paused until {runtime.local_time(record.paused_until)}")
    if record.left_lists:
        put(f"left   {', '.join(record.left_lists)} (by their own word)")
    for each in record.choices:
        told = each.detail.get("mail") or ", ".join(each.detail.get("lists", ()))
        of_mail = f" ({printable(told)})" if told else ""
        undone = f"; undone {runtime.local_time(each.undone_at)}" if each.undone_at else ""
        label = ReaderChoice(each.choice).label
        put(f"chose  {runtime.local_time(each.at)}: {label} by {each.source}{of_mail}{undone}")


@app.command("suppress")
def suppress(
    email: EmailOrDomain,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="The reason, for later reference.")],
    as_json: AsJson = False,
) -> None:
    """Never mail this address or domain again, whatever lists it is on."""
    from sestui.audience import contacts_service as people  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        fresh = people.suppress(runtime.suppressions, email, reason, runtime.clock.now())
    if as_json:
        put_json({"email": email, "suppressed": True, "changed": fresh})
    elif fresh:
        put(f"{email} has been suppressed: it will get no more mail.")
    else:
        say(f"{email} was already suppressed; nothing has changed.")


@app.command("unsuppress")
def unsuppress(email: EmailOrDomain, *, as_json: AsJson = False) -> None:
    """Allow mail to this address or domain again."""
    from sestui.audience import contacts_service as people  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        found, still = people.unsuppress(runtime.suppressions, email, runtime.clock.now())
    if as_json:
        put_json({"email": email, "suppressed": False, "changed": found})
    elif found and still is None:
        put(f"{email} may be mailed again.")
    elif still is not None:
        say(f"{email} is suppressed with its whole domain; unsuppress {still.email_key} for that.")
    else:
        say(f"{email} is not suppressed.")
