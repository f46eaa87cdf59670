"""How bad a finding is, as a sign and a colour: in the list, and beside the text."""

from sestui.core.content.lint.findings import Severity

SIGNS = {
    Severity.ERROR: ("✗", "text-error"),
    Severity.WARNING: ("!", "text-warning"),
    Severity.HINT: ("·", "text-muted"),
}
"""The sign, and the name of its colour in a theme."""
