"""The base class of task types, which any package may add.

A package adds one by an entry point::

    [project.entry-points."sestui.tasks"]
    reindex = "shop.tasks:Reindex"

and in ``shop/tasks.py``::

    class Reindex(TaskType[ReindexParameters]):
        summary = "Build the shop's search index anew."
        Parameters = ReindexParameters  # a pydantic model

        def run(self, context: TaskContext[ReindexParameters]) -> Outcome:
            context.log("begins")
            ...
            return Outcome("12,000 products indexed.", {"products": 12_000})
"""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

if TYPE_CHECKING:
    from sestui.tasks.context import TaskContext


class TaskParameters(BaseModel):
    """Base class of a type's parameters; unknown names are errors.

    The form of a task is made from the model: a field for each parameter, with the docstring below
    it as its hint.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _absolute(path: Path, info: ValidationInfo) -> Path:
    """Relative to the folder where the parameters are entered, as cron's is another."""
    entered_in = (info.context or {}).get("folder", "")
    try:
        expanded = path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"there is no user {path.parts[0][1:]!r}") from error
    return Path(os.path.abspath(Path(entered_in) / expanded))


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""The path of a parameter: one that is relative, or begins with ~, is made absolute when entered.

Relative to the folder of the task's file, or to where the command runs.
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A mark on a parameter: the form offers existing names."""

    names: Literal["campaigns", "lists"]


CampaignName = Annotated[str, Offered("campaigns")]
"""The name of an existing campaign."""
ListName = Annotated[str, Offered("lists")]
"""The name of an existing list."""


@dataclass(frozen=True, slots=True)
class LongText:
    """A mark on a text parameter: it may have several lines."""


P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run."""

    sentence: str
    """For the log and for people."""
    figures: dict[str, Any] = field(default_factory=dict)
    """The same for programs, as JSON values."""


class TaskType(ABC, Generic[P]):
    """A kind of task; its entry point's name is the tasks' ``type``."""

    summary: ClassVar[str]
    """What it does, in a sentence."""
    Parameters: type[P]

    @abstractmethod
    def run(self, context: "TaskContext[P]") -> Outcome:
        """Run the task once.

        Called in a thread of its own. Any exception makes the run a failure; a SestuiError's
        sentence is kept. Long work should call ``context.go_on()`` now and then, or
        ``context.wait()`` to wait: both raise when the time is up.
        """
