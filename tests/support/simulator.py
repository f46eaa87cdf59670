"""Requests for tests of the simulator."""

import json
from typing import Any


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
