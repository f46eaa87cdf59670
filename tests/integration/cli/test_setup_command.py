"""`sestui setup`: in moto's AWS, and with the simulator."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.aws import FakeAws
from tests.support.cli import Sestui

SENDER = "news@example.com"
KINDS = [
    "dead-letter queue",
    "SQS queue",
    "SNS topic",
    "subscription",
    "configuration set",
    "event destination",
]


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


@pytest.fixture
def aws(started: FakeAws, sestui: Sestui) -> FakeAws:
    """An empty account, which the command talks to."""
    started.reset()
    sestui.settings = {"SESTUI_ACCOUNT": "ses", **started.environment()}
    return started


def settings(sestui: Sestui) -> dict[str, Any]:
    return {each["name"]: each["value"] for each in sestui.json("config", "show")}


def queue_url(aws: FakeAws) -> str:
    return f"{aws.moto_url}/123456789012/sestui-events"


@pytest.mark.long
@pytest.mark.ci
def test_it_creates_writes_and_proves(aws: FakeAws, sestui: Sestui) -> None:
    told = sestui.json("setup", "--yes", "--from", SENDER)
    assert [each["kind"] for each in told["parts"]] == KINDS
    assert {each["action"] for each in told["parts"]} == {"missing"}
    written = settings(sestui)
    assert written["configuration_set"] == "sestui-events"
    assert written["events_queue"].endswith("/123456789012/sestui-events")
    assert told["settings"] == {
        name: written[name] for name in ("configuration_set", "events_queue")
    }
    assert {each["mailbox"]: each["events"][-1] for each in told["proof"]} == {
        "success": "Delivery",
        "bounce": "Bounce (Permanent/NoEmail)",
        "complaint": "Complaint (abuse)",
        "ooto": "Delivery",
        "suppressionlist": "Bounce (Permanent/NoEmail)",
    }
    assert {each["ConfigurationSetName"] for each in aws.mails} == {"sestui-events"}
    # The probes are nobody's: nothing is left of them, and nobody is suppressed.
    assert sestui.ok("events", "pull") == "No events were waiting.\n"
    assert sestui.json("contact", "find", "simulator.amazonses.com") == []


@pytest.mark.long
@pytest.mark.ci
def test_twice_changes_nothing(aws: FakeAws, sestui: Sestui) -> None:
    sestui.ok("setup", "--yes")
    there, file = aws.everything(), sestui.config.read_bytes()
    again = sestui.run("setup")
    assert again.returncode == 0
    assert "nothing to create" in again.stderr
    assert aws.everything() == there
    assert sestui.config.read_bytes() == file


@pytest.mark.long
@pytest.mark.ci
def test_it_asks_before_it_creates(aws: FakeAws, sestui: Sestui) -> None:
    done = sestui.run("setup")  # nobody answers
    assert done.returncode == 1
    assert "Create this in your AWS account?" in done.stderr
    assert aws.everything()["queues"] == []
    assert settings(sestui)["events_queue"] == ""


@pytest.mark.long
@pytest.mark.ci
def test_removed_without_a_trace(aws: FakeAws, sestui: Sestui) -> None:
    before = settings(sestui)
    empty = aws.everything()
    sestui.ok("setup", "--yes")
    asked = sestui.run("setup", "--remove")
    assert asked.returncode == 1
    assert "Delete event destination sestui-events" in asked.stderr
    assert len(sestui.json("setup", "--remove", "--yes")["removed"]) == 6
    assert aws.everything() == empty
    assert settings(sestui) == before
    again = sestui.run("setup", "--remove", "--yes")
    assert again.returncode == 0
    assert again.stderr == "Nothing here carries the tag sestui = sestui-events.\n"


@pytest.mark.long
@pytest.mark.ci
def test_what_was_created_under_another_name_is_told(aws: FakeAws, sestui: Sestui) -> None:
    sestui.ok("setup", "--yes", "--name", "older")
    sestui.ok("config", "set", "configuration_set", "other")
    said = sestui.run("setup", "--remove", "--yes").stderr
    assert said.startswith("Nothing here carries the tag sestui = sestui-events.\nLeft, as another")
    assert "`sestui setup --remove --name older` deletes it." in said
    done = sestui.json("setup", "--remove", "--yes", "--name", "older")
    assert (len(done["removed"]), done["left"]) == (6, [])
    assert settings(sestui)["configuration_set"] == "other"
    aws.denied = {"GetResources"}
    assert "permission tag:GetResources" in sestui.run("setup", "--remove", "--yes").stderr


@pytest.mark.long
@pytest.mark.ci
def test_settings_that_name_something_else_stay(aws: FakeAws, sestui: Sestui) -> None:
    with aws.client("sesv2") as ses:
        ses.create_configuration_set(ConfigurationSetName="marketing")
    sestui.ok("config", "set", "configuration_set", "marketing")
    sestui.ok("setup", "--yes")
    sestui.ok("config", "set", "events_queue", "https://sqs.example.com/1/other")
    sestui.ok("setup", "--remove", "--yes")
    there = settings(sestui)
    assert there["configuration_set"] == "marketing"
    assert there["events_queue"] == "https://sqs.example.com/1/other"
    assert aws.everything()["sets"] == ["marketing"]


@pytest.mark.long
@pytest.mark.ci
def test_events_that_do_not_come_are_named(aws: FakeAws, sestui: Sestui) -> None:
    aws.silent = {"bounce"}
    done = sestui.run("setup", "--yes", "--from", SENDER, "--wait", "1")
    assert done.returncode == 3
    assert "Bounce of bounce@ has not come. The way is open" in done.stderr
    aws.silent = {"success", "bounce", "complaint", "ooto", "suppressionlist"}
    done = sestui.run("setup", "--yes", "--from", SENDER, "--wait", "1")
    assert done.returncode == 3
    assert "No event has come." in done.stderr


def test_a_sender_that_is_not_verified(aws: FakeAws, sestui: Sestui) -> None:
    done = sestui.run("setup", "--yes", "--from", "unverified@example.com")
    assert done.returncode == 1
    assert "SES refuses the test mail: Email address is not verified. --from takes" in done.stderr
    assert settings(sestui)["events_queue"]  # what is set up stays


@pytest.mark.long
@pytest.mark.ci
def test_a_mail_that_is_throttled_is_sent_again(aws: FakeAws, sestui: Sestui) -> None:
    aws.throttled = 1
    told = sestui.json("setup", "--yes", "--from", SENDER)
    assert len(aws.mails) == 5
    assert all(each["seconds"] is not None for each in told["proof"])


@pytest.mark.long
@pytest.mark.ci
def test_a_queue_of_the_operators_own_is_not_left_unasked(aws: FakeAws, sestui: Sestui) -> None:
    own = "https://sqs.example.com/1/other"
    sestui.ok("config", "set", "events_queue", own)
    done = sestui.run("setup")
    assert done.returncode == 1
    assert f"The setting events_queue names {own} now" in done.stderr
    sestui.ok("setup", "--yes")
    sestui.ok("config", "set", "events_queue", own)
    done = sestui.run("setup")
    assert done.returncode == 1
    assert "Change the setting?" in done.stderr
    assert settings(sestui)["events_queue"] == own


@pytest.mark.long
@pytest.mark.ci
def test_credentials_that_may_not_ask_for_the_rate(aws: FakeAws, sestui: Sestui) -> None:
    aws.denied = {"GetAccount", "GetSendQuota"}
    told = sestui.json("setup", "--yes", "--from", SENDER)
    assert all(each["seconds"] is not None for each in told["proof"])


@pytest.mark.long
@pytest.mark.ci
def test_a_signal_ends_the_waiting(aws: FakeAws, sestui: Sestui) -> None:
    aws.silent = {"ooto"}
    process = sestui.start("setup", "--yes", "--from", SENDER, "--wait", "600")
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("suppressionlist@: Bounce"):  # it waits for the last one
            process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 1
    assert "Stopped before every event had come" in said[-1]
    assert process.stdout is not None
    assert "ooto@" in process.stdout.read()
    assert settings(sestui)["events_queue"]


@pytest.mark.long
@pytest.mark.ci
def test_a_permission_that_is_missing(aws: FakeAws, sestui: Sestui) -> None:
    aws.denied = {"CreateTopic"}
    done = sestui.run("setup", "--yes")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "sestui: These credentials need the permission sns:CreateTopic. `sestui setup --plan cli` "
        "prints what somebody who has them can run."
    )
    aws.denied = set()
    sestui.ok("setup", "--yes")


@pytest.mark.long
@pytest.mark.ci
def test_nothing_is_removed_while_a_run_is_sending(aws: FakeAws, ready: Sestui) -> None:
    ready.ok("setup", "--yes")
    there = aws.everything()
    ready.ok("campaign", "start", "news", SESTUI_ACCOUNT="simulator")
    assert "A run is sending" in ready.run("setup", "--remove", "--yes").stderr
    assert aws.everything() == there


# without an account


@pytest.mark.long
@pytest.mark.ci
def test_the_simulators_loop(sestui: Sestui) -> None:
    told = sestui.json("setup")
    assert [each["events"][-1] for each in told["proof"]] == [
        "Delivery",
        "Bounce (Permanent/General)",
        "Complaint (abuse)",
        "Delivery",
        "Bounce (Permanent/General)",
    ]
    assert told["settings"] == {}
    assert sestui.config.read_bytes() == b""


def test_the_simulators_loop_for_people(sestui: Sestui) -> None:
    done = sestui.run("setup")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == ["mail", "to", "awaited", "came", "after"]
    assert len(done.stdout.splitlines()) == 6
    assert "bounce@: Bounce (Permanent/General)" in done.stderr
    assert done.stderr.endswith("Proved: every event has come.\n")


def test_the_plan_is_printed_in_three_ways(sestui: Sestui, tmp_path: Path) -> None:
    as_yaml = yaml.safe_load(sestui.ok("setup", "--plan", "yaml"))
    assert as_yaml == json.loads(sestui.ok("setup", "--plan", "json"))
    assert len(as_yaml["Resources"]) == 8
    lines = sestui.ok("setup", "--plan", "cli", AWS_REGION="eu-central-1")
    assert "--region eu-central-1" in lines
    script = tmp_path / "plan.sh"
    script.write_text(lines)
    subprocess.run(["sh", "-n", script], check=True)


def test_what_does_not_go_together(sestui: Sestui) -> None:
    assert "--remove goes with" in sestui.refused(2, "setup", "--remove", "--from", SENDER)
    assert "nothing to remove" in sestui.refused(2, "setup", "--remove")
    assert "--name" in sestui.refused(2, "setup", "--plan", "yaml", "--name", "two words")
    assert "--from" in sestui.refused(2, "setup", "--from", "nobody")
