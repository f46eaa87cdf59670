"""Follow-ups: which part of an audience a new run is for."""

from enum import StrEnum


class Only(StrEnum):
    """The part of an audience that a new run is for, by the results of earlier runs.

    None includes contacts who got the campaign, or may have (in doubt or in flight).
    """

    FAILED = "failed"
    """SES rejected the mail to them."""
    UNRECEIVED = "unreceived"
    """They have not got it, for whatever reason."""
    JOINED = "joined"
    """They have no delivery in any earlier run."""
