"""The names of all SES calls, from botocore's models of both APIs."""

from collections import defaultdict
from collections.abc import Sequence

from botocore.loaders import Loader

_Template = tuple[str | None, ...]
"""A path's segments; None for a parameter."""


class Operations:
    """All calls of both APIs; loading the models takes about 20 ms."""

    def __init__(self) -> None:
        loader = Loader()
        old = loader.load_service_model("ses", "service-2")
        new = loader.load_service_model("sesv2", "service-2")
        self.actions: frozenset[str] = frozenset(old["operations"])
        """Version 1's actions."""
        self.names: frozenset[str] = self.actions | frozenset(new["operations"])
        """Both versions'."""
        self._by_shape: dict[tuple[str, int], list[tuple[_Template, str]]] = defaultdict(list)
        for name, operation in new["operations"].items():
            template = _template(operation["http"]["requestUri"])
            self._by_shape[operation["http"]["method"], len(template)].append((template, name))
        for alike in self._by_shape.values():
            # Literal segments first: /tenants/get before /tenants/{TenantName}.
            alike.sort(key=lambda each: each[0].count(None))

    def name_of(self, method: str, segments: Sequence[str]) -> str:
        """Version 2's call with this method and path segments; '' if there is none."""
        for template, name in self._by_shape.get((method, len(segments)), ()):
            if all(
                given == wanted if wanted is not None else bool(given)
                for given, wanted in zip(segments, template, strict=True)
            ):
                return name
        return ""


def _template(uri: str) -> _Template:
    segments = uri.partition("?")[0].split("/")
    return tuple(None if segment.startswith("{") else segment for segment in segments)
