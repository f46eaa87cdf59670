"""Where credentials come from, told without any of them."""

from pathlib import Path

import pytest

from sestui.errors import AccountError
from sestui.ses.client import Clients, Endpoint
from sestui.ses.credentials import Profile, credential_source, profiles, regions

SECRET = "wJalrXUtnFEMI"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """AWS files with two profiles, and nothing in the environment."""
    (tmp_path / "config").write_text(
        "[default]\nregion = us-east-1\n[profile shop]\nregion = eu-west-1\n"
    )
    (tmp_path / "credentials").write_text(
        f"[shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


def test_the_setting_names_profile_and_region(aws: pytest.MonkeyPatch) -> None:
    found = credential_source("shop", "eu-north-1")
    assert found.sentence == "profile shop (aws_profile): the shared credentials file"
    assert found.region == "eu-north-1"
    assert SECRET not in repr(found)
    assert "AKIA" not in repr(found)
    clients = Clients(Endpoint(profile="shop", region="eu-north-1"))
    assert clients.region == "eu-north-1"


def test_without_it_awss_own_chain_decides(aws: pytest.MonkeyPatch) -> None:
    found = credential_source("", "")
    assert (found.sentence, found.region) == ("no credentials were found", "us-east-1")
    aws.setenv("AWS_PROFILE", "shop")
    found = credential_source("", "")
    assert found.sentence == "profile shop (AWS_PROFILE): the shared credentials file"
    assert found.region == "eu-west-1"
    aws.delenv("AWS_PROFILE")
    aws.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    aws.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert credential_source("", "").sentence == "the environment"


def test_profiles_and_regions_are_listed(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert profiles() == [Profile("default", "us-east-1"), Profile("shop", "eu-west-1")]
    assert {"eu-west-1", "us-east-1"} <= set(regions())
    (tmp_path / "config").write_text("[profile shop")
    with pytest.raises(AccountError):
        profiles()


def test_a_profile_that_does_not_exist_is_named(aws: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccountError, match=r"ghost.*aws_profile"):
        credential_source("ghost", "")
    with pytest.raises(AccountError, match="ghost"):
        Clients(Endpoint(profile="ghost", region="eu-west-1"))
