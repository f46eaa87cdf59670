"""Percentages as people read them, by one rule for screens, commands and mails; pure."""


def percent_number(part: float, whole: float) -> int:
    """Whole per cent, to the nearest; 100 only of all of it, 0 only of nothing (or of no whole)."""
    if whole <= 0 or part <= 0:
        return 0
    if part >= whole:
        return 100
    return min(99, max(1, int(100 * part / whole + 0.5)))


def percent(part: float, whole: float) -> str:
    """``61 %``, by the rule of :func:`percent_number`."""
    return f"{percent_number(part, whole)} %"


def fine_percent(part: float, whole: float, digits: int = 1) -> str:
    """``0.4 %`` for what is small, ``12 %`` from ten on; ``0 %`` only of nothing."""
    exact = 100 * part / whole if whole > 0 else 0.0
    if exact <= 0 or exact >= 9.95:
        return percent(part, whole)
    least = 10.0**-digits
    return f"{exact:.{digits}f} %" if exact >= least / 2 else f"<{least:.{digits}f} %"


def rate_percent(share: float) -> str:
    """A share, 0 to 1, in two digits that tell, where lines are small: ``9.3 %``, ``0.42 %``."""
    exact = 100 * share
    return f"{exact:.2f} %" if exact < 1 else f"{exact:.1f} %"


def set_percent(share: float) -> str:
    """A share that somebody has set, 0 to 1, as it was set: ``12.5 %``."""
    return f"{100 * share:.6g} %"
