"""Every setting of sestui, with its meaning, bounds and default.

Precedence, lowest first: the TOML file (``sestui config path``), ``SESTUI_<NAME>`` in the
environment, the command line. AWS credentials and endpoint are not settings: they come from the
standard AWS chain, of which a setting may at most name the profile and the region. sestui stores
no AWS secret.
"""

import os
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sestui.config_file import config_path, read_config
from sestui.core.delivery.account import QuotaRule, WarmUp
from sestui.core.delivery.breaker import BreakerRule
from sestui.core.keymap import keymap_of
from sestui.core.recipient_behaviour import RecipientBehaviour, behaviour_of
from sestui.core.setting_names import suggested, unknown_names, value_error
from sestui.core.setting_rules import (
    known_zone,
    mailbox,
    origins,
    page_address,
    receiving_address,
    ses_name,
)
from sestui.errors import SettingsError

_SQLITE_URL = re.compile(r"sqlite(?:\+pysqlite)?:///((?!file:|:memory:)[^?#%]+)")
"""A URL of a file, without options or escapes, as SQLAlchemy's versions parse those differently."""

_USUAL_RECIPIENTS = RecipientBehaviour(
    bounce=0.008, soft_bounce=0.004, complaint=0.0004, delay=0.01, open=0.35, click=0.07,
    machine=0.03, unsubscribe=0.002,
)  # fmt: skip


class Settings(BaseSettings):
    """The settings of one process, checked."""

    model_config = SettingsConfigDict(env_prefix="SESTUI_", extra="forbid", frozen=True)

    account: Literal["simulator", "ses"] = Field(
        "simulator", description="Where mail goes: sestui's own simulator, or Amazon SES for real."
    )
    aws_profile: str = Field(
        "",
        description="The AWS profile used to reach SES; empty: from your AWS environment "
        "(AWS_PROFILE …).",
    )
    aws_region: str = Field(
        "",
        description="The AWS region of the SES account; empty: from your AWS environment "
        "(AWS_REGION …).",
    )
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        Path(platformdirs.user_data_dir("sestui", appauthor=False)),
        description="The workspace: the SQLite database and the simulator's state live here.",
    )
    state_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        # At each start, not at import, as the environment may change the path.
        default_factory=lambda: Path(platformdirs.user_state_dir("sestui", appauthor=False)),
        description="What this machine remembers about databases, so that an older copy is "
        "recognised. The log is there too.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="The lowest level that is logged. Only debug logs addresses.",
    )
    database_url: str = Field(
        "", description="A database elsewhere (postgresql+psycopg://…); empty: SQLite in data_dir."
    )
    max_quota_usage: float = Field(
        0.8, gt=0, le=1, description="The share of the 24-hour quota sestui may use."
    )
    warm_up_start: date | None = Field(
        None, description="First day (2026-12-01) of a warm-up of a new account; empty: none."
    )
    warm_up_volume: int = Field(
        200, ge=1, description="Mails in the first 24 hours of the warm-up, all services counted."
    )
    warm_up_factor: float = Field(
        1.5, ge=1, le=10, description="The factor by which the warm-up raises the volume each day."
    )
    timezone: Annotated[str, AfterValidator(known_zone)] = Field(
        "", description="IANA zone for times people read; empty: the machine's own."
    )
    configuration_set: str = Field(
        "", description="SES configuration set named in every mail; empty: none."
    )
    unsubscribe_url: str = Field(
        "",
        description="Address of your unsubscribe page; {email} in it becomes the recipient's "
        "address. Empty: a mailto: to the sender.",
    )
    unsubscribe_email: str = Field(
        "",
        description="Address where mail to unsubscribe is read: offered beside unsubscribe_url, "
        "and instead of the sender's where there is no page.",
    )
    unsubscribe_mailbox: Annotated[str, AfterValidator(receiving_address)] = Field(
        "",
        description="Address whose mail SES receives for sestui, as unsubscribe@in.example.com: "
        "every mail's List-Unsubscribe names it with a token, and mail there unsubscribes.",
    )
    unsubscribe_queue: str = Field(
        "",
        description="URL of the SQS queue that mail to unsubscribe_mailbox comes through; empty: "
        "events_queue.",
    )
    web_url: Annotated[str, AfterValidator(page_address)] = Field(
        "",
        description="Where readers reach the unsubscribe page that `sestui web` serves, as "
        "https://news.example.com; every mail then links to it instead of unsubscribe_url.",
    )
    web_subscribe_lists: str = Field("", description="Lists, separated by commas, that anybody may "
        "join by the subscribe form of `sestui web`; empty: there is no form.")  # fmt: skip
    web_subscribe_from: Annotated[str, AfterValidator(mailbox)] = Field(
        "", description="Sender of the mails that ask to confirm a subscription.")  # fmt: skip
    web_subscribe_sites: Annotated[str, AfterValidator(origins)] = Field("", description="Sites, "
        "separated by commas, with a subscribe form of yours: https://example.com.")  # fmt: skip
    web_subscribe_hourly: int = Field(200, ge=1, le=100_000, description="Most such mails an hour.")
    ses_contact_list: Annotated[str, AfterValidator(ses_name)] = Field(
        "",
        description="The account's SES contact list, by which SES itself adds unsubscribe links "
        "and keeps those who follow them; each mail is then a call of its own. Empty: none.",
    )
    ses_topic: Annotated[str, AfterValidator(ses_name)] = Field(
        "",
        description="Topic of ses_contact_list that campaigns belong to; empty: the whole list.",
    )
    view_url: str = Field(
        "", description="Address of the message on the web, for view_url in templates."
    )
    senders: int = Field(64, ge=1, le=256, description="The most calls to SES in flight at once.")
    send_mode: Literal["auto", "single", "bulk"] = Field(
        "auto",
        description="How mail is handed to SES: one call a mail, bulk calls of up to 50, or "
        "whichever the rate asks for.",
    )
    relay_wait: float = Field(
        10, ge=0, le=300, description="Seconds a program waits in the relay for its mail's slot."
    )
    relay_recipients: int = Field(
        50, ge=1, le=10_000, description="Recipients of one relayed mail; SES itself takes 50."
    )
    relay_retention_days: float = Field(
        7, ge=0, le=3650, description="Days for which the content of relayed mail is kept."
    )
    simulator_rate: float = Field(
        14, gt=0, description="The simulated account's MaxSendRate, recipients a second."
    )
    simulator_quota: int = Field(
        50_000, ge=-1, description="The simulated account's Max24HourSend; -1: unlimited."
    )
    simulator_latency: float = Field(
        0.08, ge=0, le=60, description="Seconds the simulator takes to answer a call."
    )
    simulator_sandbox: bool = Field(
        False,
        description="Whether the simulated account is in SES's sandbox: sender and recipients must "
        "be verified or SES's own test mailboxes.",
    )
    simulator_recipients: Annotated[RecipientBehaviour, NoDecode, BeforeValidator(behaviour_of)] = (
        Field(
            _USUAL_RECIPIENTS,
            description="How the simulator's recipients behave: shares of all mail, such as "
            "bounce=0.01 open=0.4, and a seed; empty: they do nothing.",
        )
    )
    events_queue: str = Field(
        "",
        description="URL of the SQS queue that SES's events come through: deliveries, bounces, "
        "opens, clicks; empty: none are read. The simulator has a queue of its own.",
    )
    sns_topics: str = Field(
        "",
        description="ARNs of the SNS topics, separated by commas, whose messages `sestui web "
        "events` takes; empty: it isn't served.",
    )
    events_while_sending: bool = Field(
        True, description="Read events beside the sending, not only by `sestui events pull`."
    )
    soft_bounces: int = Field(
        5,
        ge=0,
        le=100,
        description="An address is suppressed after so many soft bounces in a row, over at least "
        "7 days; 0: never.",
    )
    resend_after_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="Hours after which mail in doubt that SES has no record of is offered as safe "
        "to resend.",
    )
    breaker_bounce_warning: float = Field(
        0.04,
        ge=0,
        le=0.05,
        description="Bounced share of the newest mails from which you are warned; 0: never. SES "
        "reviews an account at 5 %.",
    )
    breaker_bounce_pause: float = Field(
        0.08,
        ge=0,
        lt=0.1,
        description="Bounced share from which a run is paused; 0: never. SES pauses an account at "
        "10 %.",
    )
    breaker_complaint_warning: float = Field(
        0.0008,
        ge=0,
        le=0.001,
        description="Complaining share of the newest mails from which you are warned; 0: never. "
        "SES reviews an account at 0.1 %.",
    )
    breaker_complaint_pause: float = Field(
        0.004,
        ge=0,
        lt=0.005,
        description="Complaining share from which a run is paused; 0: never. SES pauses an account "
        "at 0.5 %.",
    )
    breaker_volume: int = Field(
        10_000,
        ge=1_000,
        le=1_000_000,
        description="Newest mails that the bounce rate is of; complaints: ten times as many.",
    )
    nameservers: str = Field(
        "",
        description="DNS servers that `sestui doctor` asks, such as 9.9.9.9, 127.0.0.1:5353; "
        "empty: the machine's own.",
    )
    allow_commands: bool = Field(
        False, description="Let tasks of the type command run programs of yours."
    )
    reminders: Literal["daily", "once", "off"] = Field(
        "daily",
        description="How often run-due reports on stderr what needs you: once, and daily until it "
        "is resolved; once; or never (off).",
    )
    operator: Annotated[str, AfterValidator(mailbox)] = Field(
        "", description="Your address: what needs you is mailed there too; empty: only on stderr."
    )
    alerts: Literal["desktop", "bell", "off"] = Field(
        "desktop",
        description="How the screens call you when a run ends or needs you: a desktop notice where "
        "the terminal can show one, and its bell; the bell only; or not at all (off).",
    )
    pictures: Literal["auto", "blocks"] = Field(
        "auto",
        description="How pictures of a mail are drawn: in the terminal's own pixels where it is "
        "kitty or Ghostty (auto), or always in half blocks.",
    )
    theme: str = Field("textual-dark", description="Colours of the terminal UI.")
    density: Literal["compact", "normal", "roomy"] = Field(
        "normal", description="How much space the terminal UI leaves around things."
    )
    keymap: Annotated[dict[str, str], NoDecode, BeforeValidator(keymap_of)] = Field(
        {},
        description="Keys of your own: a table [keymap] of action ids, as ? shows them, and keys. "
        "As one line: campaign.start=S import.next=n,ctrl+n.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over file."""
        file_values = InitSettingsSource(settings_cls, init_kwargs=read_config(config_path()))
        return (init_settings, env_settings, file_values)

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL, whichever it is."""
        return self.database_url or f"sqlite:///{self.data_dir / 'sestui.db'}"

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite database's file; None for other databases."""
        if not self.database_url:
            return self.data_dir / "sestui.db"
        found = _SQLITE_URL.fullmatch(self.database_url)
        return Path(found[1]) if found else None

    @property
    def run_due_log(self) -> Path:
        """The crontab line's log."""
        return self.data_dir / "run-due.log"

    @property
    def layouts_dir(self) -> Path:
        """Layouts for the campaigns of the workspace."""
        return self.data_dir / "layouts"

    @property
    def snippets_dir(self) -> Path:
        """Pieces of text that Compose offers."""
        return self.data_dir / "snippets"

    @property
    def quota_rule(self) -> QuotaRule:
        """The part of the 24-hour quota that may be used."""
        warm_up = None
        if self.warm_up_start is not None:
            first = datetime.combine(self.warm_up_start, time(), tzinfo=self.zone)
            warm_up = WarmUp(first.timestamp(), self.warm_up_volume, self.warm_up_factor)
        return QuotaRule(self.max_quota_usage, warm_up)

    @property
    def resend_after_seconds(self) -> float:
        """``resend_after_hours`` in seconds."""
        return self.resend_after_hours * 3600.0

    @property
    def breaker_rule(self) -> BreakerRule:
        """From which rates of bounces and complaints on runs are paused."""
        return BreakerRule(
            self.breaker_bounce_warning,
            self.breaker_bounce_pause,
            self.breaker_complaint_warning,
            self.breaker_complaint_pause,
            self.breaker_volume,
        )

    @property
    def zone(self) -> ZoneInfo | None:
        """The operator's zone; None for the machine's."""
        return ZoneInfo(self.timezone) if self.timezone else None


def load_settings(**command_line: Any) -> Settings:
    """This process's settings; ``command_line`` overrides environment and file.

    Raises:
        SettingsError: a value is invalid or a name unknown; the sentence names each.
    """
    unknown = sorted(set(command_line) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(f"There is no setting {unknown[0]!r}; {suggestion(unknown[0])}")
    try:
        return Settings(**command_line)
    except ValidationError as error:
        faults = [_fault(str(fault["loc"][0]), fault["msg"]) for fault in error.errors()]
        raise SettingsError(f"Settings are wrong: {'; '.join(faults)}.") from error


def unknown_variables() -> str:
    """A sentence on unknown variables that are named like settings; or ''."""
    return unknown_names(Settings.model_fields)


def check_variables() -> None:
    """Raise an error if there are unknown variables that are named like settings.

    For all that uses the account, as with SESTUI_ACOUNT it would use the wrong one.

    Raises:
        SettingsError: there are; the sentence names each.
    """
    if said := unknown_variables():
        raise SettingsError(f"{said}; unset or correct it: nothing has been started.")


def _fault(name: str, message: str) -> str:
    """An error's text: the setting, where it was given, and what is wrong."""
    variable = f"SESTUI_{name.upper()}"
    given = {each.upper() for each in os.environ}
    place = f"{variable} (environment or command line)" if variable in given else config_path()
    if name not in Settings.model_fields:
        return f"there is no setting {name!r} (in {place}); {suggestion(name)}"
    return f"{name} in {place}: {value_error(message)}"


def suggestion(name: str) -> str:
    """What to do about an unknown name of a setting."""
    return suggested(name, Settings.model_fields)
