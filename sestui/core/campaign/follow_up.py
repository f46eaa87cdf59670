"""Follow-ups: who of an audience a campaign is sent to once more."""

from enum import StrEnum


class Only(StrEnum):
    """A follow-up: which part of the audience a new run is for, by what earlier runs came to.

    None of them takes in a contact who got the campaign, or may have got it (in doubt, in the air).
    """

    FAILED = "failed"
    """SES refused the mail to them."""
    UNRECEIVED = "unreceived"
    """They never got it, for whatever reason."""
    JOINED = "joined"
    """They have no delivery in any earlier run: they joined since."""
