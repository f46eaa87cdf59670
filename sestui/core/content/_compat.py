"""All uses of Jinja's private names, which tests/unit/test_bounds.py checks."""

from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.utils import _PassArg as PassArg

__all__ = ["ExplainedUndefined", "PassArg", "PrintingGenerator"]


class ExplainedUndefined(StrictUndefined):
    """A missing value with sestui's own error message.

    Its attributes begin with an underscore, as templates can't read such names.
    """

    __slots__ = ()

    @staticmethod
    def _explained(hint: str | None, owner: Any, name: str | None) -> str:
        """The message; ``owner`` lacks ``name``, or is ``jinja2.utils.missing``."""
        raise NotImplementedError

    @property
    def _undefined_message(self) -> str:
        return self._explained(self._undefined_hint, self._undefined_obj, self._undefined_name)


class PrintingGenerator(CodeGenerator):
    """Generates template code with our own code around each printed value."""

    def before_printed(self, frame: Frame) -> None:
        """Write the code before the value."""
        raise NotImplementedError

    def after_printed(self) -> None:
        """Write the code after the value."""
        raise NotImplementedError

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.before_printed(frame)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.after_printed()
