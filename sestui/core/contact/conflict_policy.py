"""What an import does with a contact that is already known."""

from enum import StrEnum


class OnConflict(StrEnum):
    """In every case the contact joins the list, and its status stays as it is."""

    UPDATE = "update"
    """Values in the file win, others are kept; tags are added."""
    SKIP = "skip"
    """The contact stays as it is."""
    REPLACE = "replace"
    """The file's attributes are the contact's only ones, and its tags if the file has any."""

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    OnConflict.UPDATE: "Values in the file win, others are kept; tags are added.",
    OnConflict.SKIP: "Contacts stay as they are; they only join the list.",
    OnConflict.REPLACE: "Only the file's values stay, and its tags if it has any.",
}
