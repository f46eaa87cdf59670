"""The source of AWS credentials, and the available profiles; names only, no secrets."""

import os
from dataclasses import dataclass

import boto3
import botocore.session

from sestui.ses.client import aws_session, plain_errors

_METHODS = {
    "env": "the environment",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the AWS config file",
    "custom-process": "a program of the profile",
    "sso": "single sign-on",
    "login": "aws login",
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a web identity",
    "container-role": "the container's role",
    "iam-role": "the instance's role",
}


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """The source of the credentials for SES."""

    profile: str
    """The profile's name; '' for none."""
    profile_from: str
    """``aws_profile`` (the setting), ``AWS_PROFILE`` or ''."""
    method: str
    """In words; '' if no credentials were found."""
    region: str
    """'' if none is set."""

    @property
    def sentence(self) -> str:
        """``profile shop (AWS_PROFILE): single sign-on``."""
        named = f"profile {self.profile} ({self.profile_from}): " if self.profile else ""
        return f"{named}{self.method or 'no credentials were found'}"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the AWS files."""

    name: str
    region: str
    """'' if it sets none."""


def credential_source(profile: str, region: str) -> CredentialSource:
    """Find credentials in AWS's chain, with the settings' profile and region ('' for none).

    May take a second, as single sign-on reads its cache, and roles ask the instance.

    Raises:
        AccountError: the profile does not exist, or the AWS files are invalid.
    """
    in_environment = os.environ.get("AWS_PROFILE", "")
    with plain_errors():
        session, _ = aws_session(profile, region)
        found = session.get_credentials()
    return CredentialSource(
        profile=profile or in_environment,
        profile_from="aws_profile" if profile else ("AWS_PROFILE" if in_environment else ""),
        method=_METHODS.get(found.method, found.method) if found is not None else "",
        region=session.region_name or "",
    )


def profiles() -> list[Profile]:
    """All profiles of the AWS files, in their order.

    Raises:
        AccountError: the files are invalid.
    """
    with plain_errors():
        return [
            Profile(name, str(given.get("region", ""))) for name, given in _profile_map().items()
        ]


def regions() -> list[str]:
    """The regions with SES that boto3 knows."""
    return list(boto3.Session(region_name="us-east-1").get_available_regions("sesv2"))


def _profile_map() -> dict[str, dict[str, object]]:
    session = botocore.session.Session()
    found: dict[str, dict[str, object]] = session.full_config.get("profiles", {})
    return {str(name): dict(given) for name, given in found.items()}
