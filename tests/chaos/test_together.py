"""Several processes at once on one database share rate and run."""

from seeding import checked_counts

from sestui.core.delivery import RunCounts
from sestui.simulator.rules import peak_in_one_second

JITTER = 0.25
"""Share by which a busy machine may crowd arrivals: mails are paced as they leave, in four
processes, and are counted here as they arrive, behind a connection and a busy simulator. Counting
them as they leave is the benchmark's part."""


def test_four_processes_at_once_send_everybody_one_mail_within_the_rate(scene):
    rate = 100
    made = scene(500, rate=rate)
    processes = [made.process(*command) for command in [("run-due",), ("send", "news")] * 2]
    for process in processes:
        assert process.wait(60) == 0, made.said()
    made.check_accounts()
    assert checked_counts(made.runtime.database, made.run.id) == RunCounts(accepted=500)
    rows = made.runtime.deliveries.of_run(made.run.id, limit=1_000)
    assert len({row.worker for row in rows}) > 1  # they did share it
    mails = made.world.account.outbox(limit=1_000)
    arrivals = [(mail["arrived_at"], 1) for mail in mails]
    assert peak_in_one_second(arrivals) <= (rate + 1) * (1 + JITTER)
    assert made.world.account.account().throttled == 0
