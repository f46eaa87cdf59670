from collections.abc import Iterator

import pytest

from tests.support.relay import Relay, Ses


@pytest.fixture(scope="session")
def ses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ses]:
    """One SES for all tests; each begins with it as new."""
    made = Ses.started(tmp_path_factory.mktemp("ses"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def running(ses: Ses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """One relay for all tests: to start one takes longer than most of them."""
    made = Relay(tmp_path_factory.mktemp("relay"), ses.process.endpoint_url, ses.credentials)
    made.start()
    yield made
    made.close()


@pytest.fixture
def relay(running: Relay, ses: Ses) -> Relay:
    """The relay with nothing left to send, its SES as new."""
    running.until_idle()
    ses.account.reset()
    ses.account.configure(rate=1000, quota=-1)
    return running
