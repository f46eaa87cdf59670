"""Persons and machines, by how they call themselves."""

import pytest

from sestui.core.delivery.machine_opens import is_machine, is_prompt

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
]
MACHINES = [
    "",
    " ",
    "python-requests/2.32",
    "curl/8.5.0",
    "Go-http-client/2.0",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 HeadlessChrome/130.0",
    "Apache-HttpClient/4.5.13 (Java/17)",
]


@pytest.mark.parametrize("agent", PEOPLE)
@pytest.mark.parametrize("is_click", [True, False])
def test_people(agent, is_click):
    assert not is_machine(agent, is_click=is_click)


@pytest.mark.parametrize("agent", MACHINES)
@pytest.mark.parametrize("is_click", [True, False])
def test_machines(agent, is_click):
    assert is_machine(agent, is_click=is_click)


def test_apples_relay_opens_what_nobody_has_opened():
    assert is_machine("Mozilla/5.0", is_click=False)
    assert not is_machine("Mozilla/5.0", is_click=True)


def test_prompt_is_sooner_than_anybody_reads():
    assert is_prompt(105.0, 100.0)
    assert is_prompt(95.0, 100.0)  # a gateway looks before it lets the mail through
    assert not is_prompt(160.0, 100.0)
    assert not is_prompt(160.0, None)
