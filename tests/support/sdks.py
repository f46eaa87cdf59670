"""SDKs of other languages that make calls to a relay: programs that know nothing of sestui.

``tests/integration/relay/clients/fetch`` fetches them; where one is missing, its tests are skipped.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sestui.store.relay.key_maker import NewKey
from tests.support.relay import Relay

CLIENTS = Path(__file__).parents[1] / "integration" / "relay" / "clients"
FETCH = "tests/integration/relay/clients/fetch brings them"

Call = dict[str, Any]
"""``call``, which API and what; ``from``, ``to``, ``raw`` in base64, ``template``."""
Said = dict[str, Any]
"""What a call came to: ``id``, ``statuses`` or ``rate``; or ``code`` and ``status``."""
Sdk = Callable[[Relay, NewKey, Sequence[Call]], list[Said]]


def cache(outside: Mapping[str, str]) -> Path:
    """Where ``fetch`` puts what no package manager keeps by itself."""
    home = outside.get("XDG_CACHE_HOME") or f"{outside.get('HOME', '/')}/.cache"
    return Path(home) / "sestui-test-clients"


def node_folder(outside: Mapping[str, str], folder: Path) -> Path:
    """``folder`` with JavaScript's programs and SDKs in it."""
    modules = cache(outside) / "node" / "node_modules"
    if shutil.which("node") is None or not (modules / "nodemailer").is_dir():
        pytest.skip(f"Node or its SDKs are not here: {FETCH}")
    shutil.copytree(CLIENTS / "node", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(modules)
    return folder


def go_program(outside: Mapping[str, str], folder: Path) -> Path:
    """The program of Go's SDK, built in ``folder``."""
    own = {**outside, "GOPROXY": "off", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}

    def told(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["go", *command],
            cwd=CLIENTS / "go",
            env=own,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    if shutil.which("go") is None or told("list", "-deps", ".").returncode:
        pytest.skip(f"Go or its SDK is not here: {FETCH}")
    built = told("build", "-o", str(folder / "client"), ".")
    assert built.returncode == 0, built.stderr
    return folder / "client"


def java_classes(outside: Mapping[str, str], folder: Path) -> str:
    """The class path of the program of Java's SDK, compiled in ``folder``."""
    jars = cache(outside) / "java"
    if shutil.which("javac") is None or not any(jars.glob("sesv2-*.jar")):
        pytest.skip(f"Java or its SDK is not here: {FETCH}")
    source = str(CLIENTS / "java" / "Client.java")
    compiled = subprocess.run(
        ["javac", "-encoding", "UTF-8", "-cp", f"{jars}/*", "-d", str(folder), source],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    return f"{folder}:{jars}/*"


def program(*command: str) -> Sdk:
    """What makes its calls by running ``command``."""

    def made(relay: Relay, key: NewKey, calls: Sequence[Call]) -> list[Said]:
        environment = relay.environment() | {
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        }
        done = subprocess.run(
            command,
            input=json.dumps(calls),
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said: list[Said] = json.loads(done.stdout)
        return said

    return made


def boto3(relay: Relay, key: NewKey, calls: Sequence[Call]) -> list[Said]:
    """The same calls by boto3, in this process."""
    v1, v2 = relay.client("ses", key=key), relay.client("sesv2", key=key)
    said: list[Said] = []
    for call in calls:
        try:
            said.append(_by_boto3(v1, v2, call))
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            said.append({"code": error.response["Error"]["Code"], "status": status})
    return said


def _by_boto3(v1: Any, v2: Any, call: Call) -> Said:
    to, content = call["to"], {"Subject": {"Data": "Hé"}, "Body": {"Text": {"Data": "x"}}}
    raw = {"Data": base64.b64decode(call.get("raw", ""))}
    by_v1 = {} if call["from"] is None else {"Source": call["from"]}
    by_v2 = {} if call["from"] is None else {"FromEmailAddress": call["from"]}
    entries = [{"Destination": {"ToAddresses": [each]}} for each in to]
    named = {"Destination": {"ToAddresses": to}} if to else {}
    match call["call"]:
        case "v1 simple":
            return {"id": v1.send_email(**by_v1, **named, Message=content)["MessageId"]}
        case "v2 simple":
            content = {"Simple": content}
            return {"id": v2.send_email(**by_v2, **named, Content=content)["MessageId"]}
        case "v1 raw":
            more = {"Destinations": to} if to else {}
            return {"id": v1.send_raw_email(**by_v1, **more, RawMessage=raw)["MessageId"]}
        case "v2 raw":
            return {"id": v2.send_email(**by_v2, **named, Content={"Raw": raw})["MessageId"]}
        case "v1 bulk":
            results = v1.send_bulk_templated_email(
                **by_v1,
                Template=call["template"],
                DefaultTemplateData="{}",
                Destinations=entries,
            )["Status"]
        case "v2 bulk":
            template = {"TemplateName": call["template"], "TemplateData": "{}"}
            results = v2.send_bulk_email(
                **by_v2, DefaultContent={"Template": template}, BulkEmailEntries=entries
            )["BulkEmailEntryResults"]
        case _:
            return {"rate": v2.get_account()["SendQuota"]["MaxSendRate"]}
    return {"statuses": [each["Status"] for each in results]}
