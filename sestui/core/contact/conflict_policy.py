"""What an import does with contacts that exist already."""

from enum import StrEnum


class OnConflict(StrEnum):
    """How existing contacts are changed; they always join the list and keep their status."""

    UPDATE = "update"
    """Values in the file win, others are kept; tags are added."""
    SKIP = "skip"
    """The contact is not changed."""
    REPLACE = "replace"
    """The file's attributes replace the contact's, and so do its tags if it has any."""

    @property
    def sentence(self) -> str:
        """What it does, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    OnConflict.UPDATE: "Values in the file win, others are kept; tags are added.",
    OnConflict.SKIP: "Contacts stay as they are; they only join the list.",
    OnConflict.REPLACE: "Only the file's values stay, and its tags if it has any.",
}
