"""What the relay queued, as the ordinary sender sends it."""

import threading
import time
from typing import Any

import pytest
from sqlalchemy import event

from sestui.core.delivery.handover import Answer, AnswerKind, Reply
from sestui.runtime import Runtime
from sestui.ses_api.relay_admission import CallAnswer, Incoming, Terms
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.ledger.ledger import Ledger
from sestui.store.relay import statements as relay_sql
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from tests.support.relay import simple
from tests.support.workspaces import World, sent


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "workspace", simulator_latency=0, simulator_rate=100_000)
    yield made
    made.close()


class Queue:
    """A relay's ledger, into which mails are taken whose first recipient has been dealt with."""

    def __init__(self, runtime: Runtime) -> None:
        runtime.account.poll()
        own: dict[str, Any] = {
            "account": runtime.ses.reader.key,
            "worker": "relay",
            "quota_rule": runtime.settings.quota_rule,
            "clock": runtime.clock,
        }
        self.admission = AdmissionStore(runtime.database, Ledger(runtime.database, **own), **own)
        key = RelayKeys(runtime.database).add("SRLYTEST", "shop", proof="", now=time.time())
        self.terms = Terms(key.id, key.campaign_id)
        self.runtime = runtime

    def take(self, *to: str) -> int:
        mail = mail_of(simple(*to), most=50)
        incoming = Incoming(self.terms, mail.recipients, packed(mail), to[0], to[0])
        [admission] = self.admission.exchange([], [incoming]).found
        [claim] = admission.claims
        answer = Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id="m"))
        at = self.runtime.clock.now()
        call = CallAnswer(admission.mail_id, (answer,), self.terms, len(to), at)
        self.admission.exchange([call], [])
        return admission.mail_id


@pytest.mark.long
@pytest.mark.ci
def test_the_dispatchers_thread_reads_no_database(world):
    runtime = world.runtime()
    queue = Queue(runtime)
    to = []
    for number in range(40):  # more mails than are kept unpacked
        queue.take(f"first{number}@x.org", f"a{number}@x.org", f"b{number}@x.org")
        to += [f"a{number}@x.org", f"b{number}@x.org"]
    readers = set()
    event.listen(
        runtime.database.engine,
        "before_cursor_execute",
        lambda *_: readers.add(threading.current_thread().name),
    )
    sent(runtime)
    assert world.outbox() == dict.fromkeys(to, 1)
    assert "sestui-sender" in readers
    assert "sestui-dispatch" not in readers


@pytest.mark.long
@pytest.mark.ci
def test_mail_whose_content_is_gone_is_not_sent_and_the_rest_is(world):
    runtime = world.runtime()
    queue = Queue(runtime)
    gone = queue.take("first@x.org", "gone@x.org")
    queue.take("second@x.org", "kept@x.org")
    with runtime.database.write_connection() as connection:
        connection.execute(relay_sql.DROP_PAYLOADS, {"ids": [gone]})
    sent(runtime)
    assert world.outbox() == {"kept@x.org": 1}
    [row] = [
        row
        for row in runtime.deliveries.of_run(runtime.runs.of_campaign(1)[0].id, limit=10)
        if row.email == "gone@x.org"
    ]
    assert (row.state, row.code) == ("pending", "ContentError")
    assert "no longer kept" in row.reason
