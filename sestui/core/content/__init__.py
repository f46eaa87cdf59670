"""Content of mail: templates compiled once and rendered for each recipient."""

from typing import TYPE_CHECKING, Any

from sestui.core.content.message import Envelope, MessageSource, TemplateError

if TYPE_CHECKING:
    from sestui.core.content.composer import Composer

__all__ = ["Composer", "Envelope", "MessageSource", "TemplateError"]


def __getattr__(name: str) -> Any:
    # Lazy: the store needs MessageSource at every start, but only sending needs Jinja and Markdown.
    if name == "Composer":
        from sestui.core.content.composer import Composer  # noqa: PLC0415

        return Composer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
