"""`sestui contact erase`: what would be, the typed address, and what is left."""

import json

import pytest

from tests.support.cli import Sestui

EMAIL = "reader7@example.com"


def test_a_person_is_erased_and_stays_away(ready: Sestui) -> None:
    would = ready.json("contact", "erase", EMAIL, "--dry-run")
    assert (would["dry_run"], would["found"]) == (True, {"contact": 1, "lists": 1})
    assert ready.json("contact", "show", EMAIL)["is_contact"]

    done = ready.run("contact", "erase", EMAIL, "--yes")
    assert done.stdout == f"{EMAIL} is erased: 1 contact, 1 membership of a list.\n"
    assert "Backups can't be reached" in done.stderr
    assert f"{EMAIL} was erased" in ready.refused(1, "contact", "show", EMAIL)

    rows = f"email,first name\n{EMAIL},Seven\nnew@example.com,New\n"
    report = ready.ok("import", ready.write("old.csv", rows), "--list", "readers")
    assert "1  left out: erased on request" in report
    again = ready.json("contact", "erase", EMAIL.upper(), "--yes")
    assert (again["erased_before"], again["found"], again["traces_cleared"]) == (True, {}, True)
    assert ready.ok("contact", "erase", EMAIL, "--allow-again").endswith(
        "may come in again: by an import, by hand, through the relay.\n"
    )
    assert "was not erased" in ready.run("contact", "erase", EMAIL, "--allow-again").stderr
    ready.ok("import", ready.write("old.csv", rows), "--list", "readers")
    assert ready.json("contact", "show", EMAIL)["attributes"] == {"first_name": "Seven"}


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (f"{EMAIL}\n", 0, "is erased"),
        (f" {EMAIL.upper()} \n", 0, "is erased"),
        ("reader70@example.com\n", 1, "another address; nothing has been erased"),
        ("", 1, "Aborted"),
    ],
)
def test_the_address_is_typed(ready: Sestui, typed: str, code: int, said: str) -> None:
    done = ready.run("contact", "erase", EMAIL, typed=typed)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "erases for good: 1 contact, 1 membership of a list." in done.stderr
    gone = ready.run("contact", "show", EMAIL, "--json")
    assert (gone.returncode == 0) == (code != 0)


def test_wrong_use(ready: Sestui) -> None:
    assert "no address" in ready.refused(2, "contact", "erase", "no address")
    ready.refused(2, "contact", "erase", "example.org")
    assert ready.refused(2, "contact", "erase", EMAIL, "--allow-again", "--yes").startswith(
        "--allow-again erases nothing"
    )
    nobody = ready.run("contact", "erase", "nobody@example.com", "--yes")
    assert nobody.stdout == "nobody@example.com is noted; nothing else was known of it.\n"
    assert (
        json.loads(ready.ok("contact", "erase", "n@example.com", "--dry-run", "--json"))["found"]
        == {}
    )
