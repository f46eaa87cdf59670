"""``python departures.py LOG ARGUMENTS`` is ``sestui ARGUMENTS`` that notes when each call leaves.

A line of LOG is the instant (seconds of the clock that all processes of a machine share), the
number of mails, and the process. It is written where the gateway hands the call to the network,
once the mail's slot has come; nothing of the product is changed.
"""

import os
import sys
import time
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from sestui.cli.main import main
from sestui.ses.client import Clients

ENTRY = b'"Destination":'
"""Once an entry: quotes inside a JSON string come with a backslash before them."""


def noting(log: int) -> None:
    """Have every client of this process write to the file ``log``."""
    make = Clients.__init__

    def made(clients: Clients, *given: Any, **named: Any) -> None:
        make(clients, *given, **named)
        send = clients.http.send

        def noted(request: AWSPreparedRequest) -> Any:
            left_at = time.monotonic()
            assert isinstance(request.body, bytes | bytearray)
            os.write(log, b"%.6f %d %d\n" % (left_at, request.body.count(ENTRY), os.getpid()))
            return send(request)

        clients.http.send = noted  # type: ignore[method-assign] # the last step before the network

    Clients.__init__ = made  # type: ignore[method-assign] # the one place all clients come from


if __name__ == "__main__":
    noting(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    sys.argv[:2] = ["sestui"]
    main()
