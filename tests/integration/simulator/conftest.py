from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sestui.simulator.launch import SimulatorProcess, start_simulator


def connected(endpoint_url: str) -> Any:
    return boto3.client(
        "sesv2",
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="key",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=1),
    )


@pytest.fixture
def connect() -> Callable[[str], Any]:
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
    client = connected(simulator.endpoint_url)
    yield client
    client.close()
