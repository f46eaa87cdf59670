"""Addresses that reach one mailbox, by rules that their provider has published.

They are shown to the operator, and nothing is ever merged because of them. What stands behind a
plus is dropped by all of these; where others do so too, one can't tell by the domain.

- Google: https://support.google.com/mail/answer/22370; dots don't matter
  (https://support.google.com/mail/answer/7436150), and googlemail.com is gmail.com
- Microsoft: Outlook.com stands on Exchange Online,
  https://learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online
- Fastmail: https://www.fastmail.help/hc/en-us/articles/360060591053
- Proton: https://proton.me/support/addresses-and-aliases
"""

from sestui.core.contact.address_check import mailbox_key

_DOMAINS = """
gmail.com googlemail.com
outlook.com hotmail.com live.com msn.com
fastmail.com fastmail.fm
proton.me protonmail.com pm.me
"""
_KNOWN = frozenset(_DOMAINS.split())


def shared_mailbox(key: str) -> str | None:
    """The mailbox that an address (its key) reaches; None if its provider's rules aren't known."""
    return mailbox_key(key) if key.rpartition("@")[2] in _KNOWN else None
