"""Requests and time for tests of the simulator."""

import json
import threading
from typing import Any

START = 1_800_000_000.0


class FakeClock:
    def __init__(self) -> None:
        self.instant = START

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.instant += seconds
        return event.is_set()


def single(*recipients: str, **more: Any) -> bytes:
    request = {
        "FromEmailAddress": "Shop <news@example.com>",
        "Destination": {"ToAddresses": list(recipients)},
        "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        **more,
    }
    return json.dumps(request).encode()


def bulk(*recipients: str, data: str = "{}", **more: Any) -> bytes:
    template = {"TemplateContent": {"Subject": "Hi", "Html": "<p>{{x}}</p>"}}
    request = {
        "FromEmailAddress": "news@example.com",
        "DefaultContent": {"Template": {**template, "TemplateData": '{"x": "default"}'}},
        "BulkEmailEntries": [
            {
                "Destination": {"ToAddresses": [address]},
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": data}
                },
            }
            for address in recipients
        ],
        **more,
    }
    return json.dumps(request).encode()
