import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sestui.simulator.launch import SimulatorProcess, start_simulator


def connected(simulator: SimulatorProcess, service: str = "sesv2", key: str | None = None) -> Any:
    """boto3's client for the simulator; ``key`` in place of the right one."""
    return boto3.client(
        service,
        endpoint_url=simulator.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=simulator.access_key_id if key is None else key,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=1),
    )


@pytest.fixture
def connect() -> Callable[..., Any]:
    return connected


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def simulator(workspace: Path) -> Iterator[SimulatorProcess]:
    """One server for a module; its tests share the account."""
    with start_simulator(workspace, rate=100_000, latency=0) as process:
        yield process


@pytest.fixture(scope="module")
def ses(simulator: SimulatorProcess) -> Iterator[Any]:
    client = connected(simulator)
    yield client
    client.close()


@pytest.fixture(scope="module")
def old(simulator: SimulatorProcess) -> Iterator[Any]:
    """A client of the old API."""
    client = connected(simulator, "ses")
    yield client
    client.close()


@pytest.fixture
def ask(simulator: SimulatorProcess) -> Any:
    """Ask for JSON: what is answered, or status and answer of an error."""

    def go(path: str, given: Any = None, method: str | None = None, **headers: str) -> Any:
        request = urllib.request.Request(
            simulator.endpoint_url + path,
            data=None if given is None else json.dumps(given).encode(),
            method=method,
            headers={"Authorization": f"Bearer {simulator.access_key_id}", **headers},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return go
