"""Threads that share a runtime: whatever it makes at the first use, it makes once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from sestui.core.lazy import lazy
from sestui.runtime import Runtime
from sestui.sending.ses_access import SesAccess
from sestui.settings import load_settings

RACERS = 6


def parts(of: type) -> list[str]:
    return sorted(name for name, value in vars(of).items() if isinstance(value, lazy))


def simulators() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {each.pid for each in children if "sestui.simulator" in each.cmdline()}


@pytest.mark.parametrize("first", ["clients", "shared", "reader"])
def test_threads_that_need_the_account_at_once_start_one_simulator(tmp_path, first):
    before = simulators()
    with Runtime.open(load_settings(data_dir=tmp_path, simulator_latency=0)) as runtime:
        race(runtime.ses, first)
        assert len(simulators() - before) == 1
    assert simulators() - before == set()


def test_every_part_is_one_for_all_threads(tmp_path):
    assert parts(SesAccess) == ["clients", "reader", "shared"]
    with Runtime.open(load_settings(data_dir=tmp_path, simulator_latency=0)) as runtime:
        for whole in (runtime.ses, runtime):
            for name in parts(type(whole)):
                found = race(whole, name)
                assert all(each is found[0] for each in found), name


def race(whole: object, name: str) -> list[object]:
    all_there = threading.Barrier(RACERS)

    def ask(_: int) -> object:
        all_there.wait(60)
        return getattr(whole, name)

    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(ask, range(RACERS)))
