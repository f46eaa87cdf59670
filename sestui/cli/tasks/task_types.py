"""`sestui task types`: list task types, or show the parameters of one."""

from typing import Annotated

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.common import AsJson, opened, put_json, put_table


def types_command(
    type_: Annotated[
        str,
        typer.Argument(
            metavar="[TYPE]",
            help="Show the parameters of this type.",
            autocompletion=completion.task_types,
        ),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List task types, including those of other packages, or show one's parameters."""
    if type_:
        _put_parameters(type_, as_json=as_json)
        return
    with opened() as runtime:
        found = runtime.tasks.types()
    if as_json:
        put_json(found)
    else:
        put_table(("type", "does"), list(found.items()))


def _put_parameters(type_: str, *, as_json: bool) -> None:
    from sestui.tasks.parameter_fields import parameter_fields  # noqa: PLC0415 - pydantic is slow
    from sestui.tasks.registry import checked_type, load_type  # noqa: PLC0415 - as above

    fields = parameter_fields(load_type(checked_type(type_)).Parameters)
    if as_json:
        put_json([each.as_dict() for each in fields])
        return
    put_table(
        ("parameter", "required", "values", "means"),
        [(each.name, "yes" if each.required else "no", each.values, each.hint) for each in fields],
    )
