"""The worst finding of the last examination, and what is there before anything was done."""

from sestui.store.campaigns.begun import Begun, begun
from sestui.store.events.doctor_verdicts import DoctorVerdict, DoctorVerdicts
from tests.support.seeding import add_contacts, make_campaign
from tests.support.statements import counted


def test_the_last_verdict_of_each_account_is_kept(database):
    ours, others = DoctorVerdicts(database, "ses:1"), DoctorVerdicts(database, "ses:2")
    assert ours.last() is None
    ours.keep(DoctorVerdict("warning", "example.com: No DMARC.", 10.0))
    ours.keep(DoctorVerdict("error", "SES has paused sending ✗.", 20.5))
    with counted(database) as effort:
        assert ours.last() == DoctorVerdict("error", "SES has paused sending ✗.", 20.5)
    assert len(effort.statements) == 1
    assert others.last() is None


def test_how_far_one_has_come_is_one_statement(database):
    assert begun(database) == Begun()
    add_contacts(database, ["ada@example.com"])
    assert begun(database) == Begun(contacts=True)
    make_campaign(database)
    with counted(database) as effort:
        assert begun(database) == Begun(contacts=True, campaigns=True)
    assert len(effort.statements) == 1
