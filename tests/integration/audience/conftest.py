"""Files that look like what other programs export, made on the spot."""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

MAILCHIMP_HEADER = (
    "Email Address", "First Name", "Last Name", "Address", "Phone Number", "Birthday",
    "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP", "LATITUDE", "LONGITUDE", "TIMEZONE", "CC", "REGION",
    "LEID", "EUID", "NOTES", "TAGS",
)  # fmt: skip
BAD = (
    "no-at-sign", "two@@example.com", "user@", "@example.com", ".lead@example.com",
    "user@exa mple.com", "space in@example.com", "user@-bad-.com", "user@localhost", "<script>@x",
    "user@[300.1.1.1]", "user@example..com", "trailing.dot.@example.com",
)  # fmt: skip


@dataclass(frozen=True)
class Expected:
    rows: int
    rejects: int
    duplicates: int

    @property
    def contacts(self) -> int:
        return self.rows - self.rejects - self.duplicates


MakeExport = Callable[[Path, int], Expected]


@pytest.fixture
def mailchimp() -> MakeExport:
    return _mailchimp


def _mailchimp(path: Path, rows: int, seed: int = 1) -> Expected:
    """An audience export: a byte order mark, quoted line breaks, formulas, markup, bad addresses,
    repeats in capitals, white space around addresses, tags in one cell."""
    chance = random.Random(seed)
    names = ["Ada", "[bold red]Henri[/]", "陽子", '=HYPERLINK("http://x.example.com","x")', "Zoë"]
    seen: list[str] = []
    rejects = duplicates = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(MAILCHIMP_HEADER)
        for number in range(rows):
            if number % 77 == 3:
                address = BAD[number % len(BAD)]
                rejects += 1
            elif number % 45 == 9:
                address = chance.choice(seen).upper()
                duplicates += 1
            else:
                seen.append(f"ada.li{number}@d{chance.randrange(300)}.example.net")
                address = f"  {seen[-1]} " if number % 91 == 0 else seen[-1]
            writer.writerow(
                [address, chance.choice(names), "高橋", "", "218.860.9139", "03/23", "3",
                 "2025-04-18 10:00:00", f"192.0.2.{number % 250}", "", "", "Europe/Paris", "FR", "",
                 1_000_000 + number, f"{number:010x}",
                 "line one\nline two, with comma" if number % 50 == 0 else "",
                 '"customer","vip"' if number % 2 else ""]
            )  # fmt: skip
    return Expected(rows, rejects, duplicates)
