"""The operator of a run, as far as the machine knows."""

import getpass
import socket


def operator() -> str:
    """``ada on web1``: the user and the machine of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user, as in containers with a number for one
        user = "somebody"
    return f"{user} on {socket.gethostname()}"
