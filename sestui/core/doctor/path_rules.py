"""Judge the way back: from a configuration set to the queue, and what has come of late."""

from sestui.core.clock import Instant
from sestui.core.doctor.facts import ConfigurationSetFacts
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity

_NEEDED = ("BOUNCE", "COMPLAINT")
_USEFUL = ("DELIVERY", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE")
_SILENT_SECONDS = 3_600.0
_MANY_WAITING = 10_000
_UNHEARD = "Bounces and complaints stay unheard, and count against the account."


def judge_settings(queue: str, configuration_set: str) -> list[DoctorFinding]:
    """Whether the settings name both ends of the path."""
    findings = []
    if not queue:
        findings.append(
            DoctorFinding(
                "events",
                DoctorSeverity.WARNING,
                "No queue of events is set.",
                _UNHEARD,
                "Lead SES's events to an SQS queue, then `sestui config set events_queue URL`.",
            )
        )
    if not configuration_set:
        findings.append(
            DoctorFinding(
                "events",
                DoctorSeverity.WARNING,
                "No configuration set is set.",
                "SES publishes events, with sestui's tags, only for mail that names one.",
                "Create one with an event destination, then "
                "`sestui config set configuration_set NAME`.",
            )
        )
    return findings


def judge_configuration_set(name: str, facts: ConfigurationSetFacts | None) -> list[DoctorFinding]:
    """``facts`` None: SES doesn't know it."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("configuration_set", severity, found, meaning, step, name)

    if facts is None:
        found, meaning = "SES has no such configuration set.", "SES refuses every mail."
        step = (
            f"`aws sesv2 create-configuration-set --configuration-set-name {name}`, or correct the "
            "setting configuration_set."
        )
        return [finding(DoctorSeverity.ERROR, found, meaning, step)]
    findings = []
    if not facts.sending_enabled:
        step = (
            "`aws sesv2 put-configuration-set-sending-options --configuration-set-name "
            f"{name} --sending-enabled`."
        )
        found = "Sending is disabled for the configuration set."
        findings.append(finding(DoctorSeverity.ERROR, found, "SES refuses every mail.", step))
    if facts.suppressed_reasons is not None and set(facts.suppressed_reasons) < set(_NEEDED):
        found = "The configuration set narrows what SES suppresses."
        meaning = "SES delivers to addresses that have bounced or complained."
        step = (
            "`aws sesv2 put-configuration-set-suppression-options --configuration-set-name "
            f"{name} --suppressed-reasons BOUNCE COMPLAINT`."
        )
        findings.append(finding(DoctorSeverity.WARNING, found, meaning, step))
    published = {
        kind
        for each in facts.destinations
        if each.enabled and each.leads_to_queue
        for kind in each.kinds
    }
    missing = [kind for kind in _NEEDED if kind not in published]
    lacking = [kind for kind in _USEFUL if kind not in published]
    change = (
        "`aws sesv2 create-configuration-set-event-destination --configuration-set-name "
        f"{name} …` to an SNS topic or EventBridge that leads to your queue."
    )
    if missing:
        found = f"No event destination publishes {' and '.join(missing)}."
        findings.append(finding(DoctorSeverity.ERROR, found, _UNHEARD, change))
    elif lacking:
        found = f"No event destination publishes {', '.join(lacking)}."
        meaning = "Those outcomes stay empty."
        findings.append(finding(DoctorSeverity.NOTE, found, meaning, change))
    return findings or [finding(DoctorSeverity.OK, "Its events are published.")]


def judge_queue(waiting: int) -> DoctorFinding:
    """``waiting``: about how many messages the queue holds."""
    if waiting >= _MANY_WAITING:
        return DoctorFinding(
            "queue",
            DoctorSeverity.WARNING,
            f"About {waiting:,} messages wait in the queue of events.",
            "Bounces and complaints are heard late, and SQS drops messages after a few days.",
            "`sestui events pull`, and a task of the type pull-events.",
        )
    some = "1 message waits" if waiting == 1 else f"{waiting:,} messages wait"
    return DoctorFinding(
        "queue", DoctorSeverity.OK, f"The queue of events can be read; about {some}."
    )


def judge_last_event(
    last_event: Instant | None, last_mail: Instant | None, now: Instant, local: str
) -> DoctorFinding:
    """``last_event`` as received, ``last_mail`` as accepted; ``local``: the former in words."""
    if last_mail is None:
        return DoctorFinding("last_event", DoctorSeverity.OK, "Nothing has been sent yet.")
    heard = "No event has come yet" if last_event is None else f"The last event came {local}"
    is_due = now - last_mail >= _SILENT_SECONDS
    if is_due and (last_event is None or last_event < last_mail):
        return DoctorFinding(
            "last_event",
            DoctorSeverity.WARNING,
            f"{heard}, and none since the last mail.",
            _UNHEARD,
            "`sestui events pull`; if nothing is waiting, the path from SES to the queue is "
            "broken: check the event destination, the topic's subscription and the queue's policy.",
        )
    return DoctorFinding("last_event", DoctorSeverity.OK, f"{heard}.")
