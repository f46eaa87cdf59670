"""A run's segment as it was when the run started, with all that it names.

Later changes of saved segments, and other names of lists and campaigns, don't change whom the run
is for.
"""

import json

from sestui.core.segments.parse import parse
from sestui.store.contacts.audience_sql import ResolvedAudience
from sestui.store.segments.segments_sql import ResolvedSegment


def frozen(audience: ResolvedAudience, timezone: str) -> str:
    """The audience's segment as text; '' if it has none. ``timezone`` is where its days begin."""
    segment = audience.segment
    if segment is None:
        return ""
    parts = {
        "expressions": dict(segment.texts),
        "lists": dict(segment.lists),
        "campaigns": dict(segment.campaigns),
        "timezone": timezone,
    }
    return json.dumps(parts, ensure_ascii=False)


def thawed(text: str) -> tuple[ResolvedSegment, str]:
    """The segment that :func:`frozen` wrote, and its time zone."""
    parts = json.loads(text)
    roots = {name: parse(each).root for name, each in parts["expressions"].items()}
    segment = ResolvedSegment(
        roots.pop(""), roots, parts["lists"], parts["campaigns"], parts["expressions"]
    )
    return segment, parts["timezone"]
