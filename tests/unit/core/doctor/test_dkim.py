"""DKIM with a key of the operator's own: what its record in the DNS must hold."""

import pytest

from sestui.core.doctor.domain_rules import judge_dkim
from sestui.core.doctor.facts import IdentityFacts
from sestui.core.doctor.finding import DoctorSeverity

OWN_KEY = IdentityFacts(
    "example.com",
    is_domain=True,
    verified=True,
    dkim_signs=True,
    dkim_status="SUCCESS",
    dkim_tokens=("mine",),
    dkim_own_key=True,
)


class Zone:
    """A DNS with these TXT records at every name."""

    def __init__(self, *records):
        self._records = records

    def texts(self, _name):
        return self._records

    def alias(self, _name):
        return ""

    def exchangers(self, _name):
        return ()


@pytest.mark.parametrize(
    "record",
    ["v=DKIM1; k=rsa; p=MIGf", "p=MIGf", "v=DKIM1;p=MIGf;", "v=DKIM1; p = MIGf MA0", "p=\tMI"],
)  # fmt: skip
def test_a_record_with_a_key_is_one(record):
    [found] = judge_dkim(OWN_KEY, Zone("other text", record))
    assert found.severity is DoctorSeverity.OK


@pytest.mark.parametrize(
    "record", ["v=DKIM1; p=", "v=DKIM1; p=;", "v=DKIM1; p= ; k=rsa", "sp=none"]
)
def test_a_revoked_or_missing_key_is_none(record):
    [found] = judge_dkim(OWN_KEY, Zone(record))
    assert found.severity is DoctorSeverity.ERROR
    assert "no TXT record with a key" in found.found
