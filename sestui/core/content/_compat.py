"""Jinja's private names, all that are used (tests/unit/test_bounds.py holds them)."""

from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.utils import _PassArg as PassArg

__all__ = ["ExplainedUndefined", "PassArg", "PrintingGenerator"]


class ExplainedUndefined(StrictUndefined):
    """A missing value whose error is a sentence of ours.

    Its names begin with underscores, which templates can't ask for.
    """

    __slots__ = ()

    @staticmethod
    def _explained(hint: str | None, owner: Any, name: str | None) -> str:
        """The sentence; ``owner`` lacks ``name``, or is ``jinja2.utils.missing``."""
        raise NotImplementedError

    @property
    def _undefined_message(self) -> str:
        return self._explained(self._undefined_hint, self._undefined_obj, self._undefined_name)


class PrintingGenerator(CodeGenerator):
    """Writes templates' code, with our own around each value that is printed."""

    def before_printed(self, frame: Frame) -> None:
        """Write what stands before the value."""
        raise NotImplementedError

    def after_printed(self) -> None:
        """Write what stands behind it."""
        raise NotImplementedError

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.before_printed(frame)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.after_printed()
