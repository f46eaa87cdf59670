"""The variants of a split: subjects of one campaign, each for a part of a run's audience."""

VARIANTS = "ABCDE"
"""Their letters, in the order of the campaign's ``split``."""


def variant_index(letter: str) -> int:
    """The position of a variant's subject in the split."""
    return VARIANTS.index(letter)
