"""Addresses of a function rather than a person, which several people may read."""

_NAMES = """
abuse accounting accounts admin administrator all billing careers compliance contact customerservice
devnull dns enquiries everyone feedback finance ftp hello help helpdesk hostmaster hr info inquiries
investors it jobs kontakt legal list list-request mail mailer-daemon mailerdaemon marketing media
news newsletter no-reply noc noreply null office operations ops orders partners phish phishing
postmaster press privacy purchasing registrar root sales security service shop spam staff subscribe
support sysadmin team tech undisclosed-recipients unsubscribe usenet uucp webmaster welcome www
"""

ROLES = frozenset(_NAMES.split())
"""Local parts, in small letters: RFC 2142's, and those that mail services name."""
