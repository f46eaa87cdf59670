"""Programs that know nothing of sestui: Node's SDK and nodemailer, the AWS CLI, django-ses."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from sestui.simulator.api.faults import checked_fault
from tests.support import sdks


def kept(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that later test runs find again: what is installed there needn't be twice."""
    return factory.getbasetemp().parent / f"sestui-{name}"


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str]) -> Path:
    """A folder with the SDKs in it."""
    return sdks.node_folder(outside, tmp_path_factory.mktemp("node"))


@pytest.mark.long
@pytest.mark.ci
def test_nodes_sdks_and_nodemailer(relay, ses, node_folder):
    ses.account.add_fault(checked_fault("refuse", match="refused@*"))
    done = subprocess.run(
        ["node", "nodemailer.mjs"],
        cwd=node_folder,
        env=relay.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    accepted = {mail["message_id"] for mail in ses.account.outbox()}
    one = ("v1 simple", "v1 raw", "v2 simple", "v2 raw", "v1 templated", "nodemailer")
    # nodemailer makes a header's Message-ID of SES's.
    said["nodemailer"]["MessageId"] = said["nodemailer"]["messageId"].strip("<>").split("@")[0]
    for name in one:
        assert said[name]["MessageId"] in accepted, said[name]
    [entry] = said["v1 bulk"]["Status"]
    assert entry["Status"] == "Success"
    assert entry["MessageId"] in accepted
    [entry] = said["v2 bulk"]["BulkEmailEntryResults"]
    assert entry["Status"] == "SUCCESS"
    assert said["v2 template"] == {}
    assert said["v2 account"]["SendQuota"]["MaxSendRate"] == 1000
    refusals = {
        name: (answer["status"], answer["error"], answer["known"])
        for name, answer in said.items()
        if "error" in answer
    }
    assert refusals == {
        "v2 missing": (404, "NotFoundException", "NotFoundException"),
        "v1 refused": (400, "MessageRejected", "MessageRejected"),
        "v2 refused": (400, "MessageRejected", "MessageRejected"),
        "v1 wrong": (403, "SignatureDoesNotMatch", "SESServiceException"),
        "v2 wrong": (403, "InvalidSignatureException", "SESv2ServiceException"),
    }
    relay.until_idle()
    recipients = [recipient for mail in ses.to() for recipient in mail]
    everybody = [f"js{number}@x.org" for number in range(1, 10)]
    assert sorted(recipients) == everybody + [f"nm{number}@x.org" for number in range(1, 5)]
    [first] = [mail for mail in ses.mails() if "nm1@x.org" in mail["recipients"]]
    assert sorted(first["recipients"]) == ["nm1@x.org", "nm3@x.org", "nm4@x.org"]
    assert "nm2@x.org" not in first["raw"]
    assert "nm4@x.org" not in first["raw"]


# the AWS CLI


def told(aws: str, relay, *arguments: str) -> Any:
    done = subprocess.run(
        [aws, *arguments, "--output", "json"],
        env=relay.environment() | {"AWS_CLI_AUTO_PROMPT": "off", "AWS_MAX_ATTEMPTS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        return done.stderr
    return json.loads(done.stdout or "{}")


def check_aws_cli(aws: str, relay, ses, tmp_path: Path) -> None:
    message = {"Subject": {"Data": "Hé"}, "Body": {"Text": {"Data": "x & y"}}}
    ids = [
        told(
            *(aws, relay, "ses", "send-email", "--from", "shop@example.com"),
            *("--to", "a@x.org", "b@x.org", "--subject", "Hé", "--text", "x"),
        ),
        told(
            *(aws, relay, "sesv2", "send-email", "--from-email-address", "shop@example.com"),
            *("--destination", '{"ToAddresses": ["c@x.org"]}'),
            *("--content", json.dumps({"Simple": message})),
        ),
    ]
    raw = tmp_path / "mail.eml"
    raw.write_bytes(b"From: shop@example.com\r\nTo: d@x.org, e@x.org\r\nSubject: x\r\n\r\nx\r\n")
    (tmp_path / "raw.json").write_text(json.dumps({"Data": raw.read_text()}))
    ids.append(
        told(
            *(aws, relay, "ses", "send-raw-email", "--cli-binary-format", "raw-in-base64-out")
            if "aws-cli/2" in version(aws)
            else (aws, relay, "ses", "send-raw-email"),
            *("--raw-message", f"file://{tmp_path / 'raw.json'}"),
        )
    )
    accepted = {mail["message_id"] for mail in ses.account.outbox()}
    assert {each["MessageId"] for each in ids} <= accepted, ids
    assert told(aws, relay, "sesv2", "get-account")["SendQuota"]["MaxSendRate"] == 1000
    missing = told(aws, relay, "sesv2", "get-email-identity", "--email-identity", "no@x.org")
    assert "(NotFoundException)" in missing
    relay.until_idle()
    assert ses.to() == [[f"{letter}@x.org"] for letter in "abcde"]


def version(aws: str) -> str:
    return subprocess.run([aws, "--version"], capture_output=True, text=True, check=False).stdout


@pytest.mark.long
@pytest.mark.ci
def test_the_aws_cli_that_is_here(relay, ses, tmp_path):
    aws = shutil.which("aws")
    if aws is None or "aws-cli" not in version(aws):
        pytest.skip("the AWS CLI isn't here (the long tests install one)")
    check_aws_cli(aws, relay, ses, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_aws_cli_from_pip(relay, ses, tmp_path, tmp_path_factory, outside):
    folder = kept(tmp_path_factory, "aws-cli")  # its pin of botocore isn't ours
    if not (folder / "bin" / "aws").is_file():
        venv.create(folder, with_pip=True)
        done = subprocess.run(
            [folder / "bin" / "pip", "install", "--quiet", "awscli"],
            env=outside,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"pip can't install the AWS CLI: {done.stderr.decode()[-200:]}")
    check_aws_cli(str(folder / "bin" / "aws"), relay, ses, tmp_path)


# django-ses

DJANGO = """
import os
from django.conf import settings
settings.configure(
    EMAIL_BACKEND="django_ses.SESBackend",
    AWS_SES_REGION_NAME=os.environ["AWS_REGION"],
    AWS_SES_REGION_ENDPOINT_URL=os.environ["AWS_ENDPOINT_URL"],
    AWS_SES_ACCESS_KEY_ID=os.environ["AWS_ACCESS_KEY_ID"],
    AWS_SES_SECRET_ACCESS_KEY=os.environ["AWS_SECRET_ACCESS_KEY"],
    USE_SES_V2=os.environ["V2"] == "1",
)
import django
django.setup()
from django.core.mail import EmailMultiAlternatives, send_mail
mail = EmailMultiAlternatives("Grüße", "text", "Shop <shop@example.com>",
                              ["Ada <a@x.org>", "b@x.org"], cc=["c@x.org"], bcc=["d@x.org"])
mail.attach_alternative("<p>html</p>", "text/html")
mail.attach("a.txt", "file", "text/plain")
mail.send()
print(mail.extra_headers["message_id"])
try:
    send_mail("x", "y", "shop@example.com", ["refused@x.org"])
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("v2", ["0", "1"])
def test_django_ses(relay, ses, v2):
    ses.account.add_fault(checked_fault("refuse", match="refused@*"))
    done = subprocess.run(
        [sys.executable, "-c", DJANGO],
        env=relay.environment() | {"V2": v2, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    message_id, error = done.stdout.split()
    assert error == "MessageRejected"
    first = ses.account.mail(message_id)
    assert sorted(first["recipients"]) == ["a@x.org", "c@x.org", "d@x.org"]
    assert first["attachments"] == ("a.txt",)
    relay.until_idle()
    assert ["b@x.org"] in ses.to()
    assert all("b@x.org" not in mail["raw"] for mail in ses.mails() if mail["to"] != ("b@x.org",))
