"""Keys of accounts, and whether a run belongs to one.

A key is ``simulator``, ``ses:REGION``, or ``ses:REGION:ENDPOINT`` for another endpoint than AWS's.
"""

SIMULATOR = "simulator"
ANY_SES = "ses"
"""Of a run that was started for SES, before it is known in which region."""


def belongs_to(bound: str, account: str) -> bool:
    """Whether a run that is ``bound`` to an account may be sent through ``account``.

    '' is a run of before runs were bound, or one that nothing was sent of: any may send it.
    """
    if bound == ANY_SES:
        return account.startswith(f"{ANY_SES}:")
    return bound in {"", account}


def account_words(key: str) -> str:
    """The account in words: ``the simulator``, ``SES in eu-west-1``."""
    if key == SIMULATOR:
        return "the simulator"
    _, _, place = key.partition(":")
    region, _, endpoint = place.partition(":")
    if not region:
        return "SES"
    return f"SES in {region} at {endpoint}" if endpoint else f"SES in {region}"
