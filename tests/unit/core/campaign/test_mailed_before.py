import pytest

from sestui.core.campaign.follow_up import MailedBefore


@pytest.mark.parametrize(
    ("before", "audience", "said"),
    [
        (MailedBefore(), 9, "but to nobody who would get it now."),
        (MailedBefore(1, 1, 1), 1, "this recipient has been mailed by run 1."),
        (MailedBefore(1, 2, 1), 9, "1 of these 9 recipients has been mailed by run 2."),
        (MailedBefore(1_200, 1, 1_200), 1_200, "all 1,200 recipients have been mailed by run 1."),
        (
            MailedBefore(97, 1, 94),
            100,
            "97 of these 100 recipients have been mailed, 94 of them by run 1. They get it again.",
        ),
    ],
)
def test_it_is_said_who_gets_it_once_more(before, audience, said):
    assert before.sentence(audience).startswith("It has been sent before")
    assert said in before.sentence(audience)
