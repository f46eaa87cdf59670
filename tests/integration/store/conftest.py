import pytest
from fake_time import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
