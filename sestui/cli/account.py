"""`sestui account`: what SES says of us."""

from sestui.cli.common import AsJson, opened, put, put_json
from sestui.core.account import UNLIMITED


def account_command(*, as_json: AsJson = False) -> None:
    """Show quota, rate and health of the account that mail goes to."""
    with opened() as runtime:
        status = runtime.account.look()
        quota = runtime.account.quota()
        said = {
            "account": runtime.settings.account,
            "region": runtime.ses_account.region,
            "production_access": status.production_access,
            "sending_enabled": status.sending_enabled,
            "enforcement_status": status.enforcement_status or None,
            "max_send_rate": status.max_send_rate,
            "allowed_rate": runtime.account.rate(),
            "max_24_hour_send": status.max_24_hour_send,
            "sent_last_24_hours": status.sent_last_24_hours,
            "max_quota_usage": runtime.settings.max_quota_usage,
            "limit": quota.limit if quota else None,
            "left": quota.left if quota else None,
        }
    if as_json:
        put_json(said)
        return
    place = "Simulator" if said["account"] == "simulator" else "Amazon SES"
    production = {True: "production", False: "sandbox: verified addresses only", None: ""}
    health = [production[status.production_access], status.enforcement_status.lower()]
    if not status.sending_enabled:
        health.append("SENDING IS DISABLED")
    put(f"{place} · {said['region']} · {', '.join(word for word in health if word)}")
    put(f"rate   {status.max_send_rate:g} a second (allowed now: {said['allowed_rate']:g})")
    if status.max_24_hour_send == UNLIMITED:
        put(f"24 h   {status.sent_last_24_hours:,.0f} sent, no quota")
    else:
        put(
            f"24 h   {status.sent_last_24_hours:,.0f} of {status.max_24_hour_send:,.0f} sent; "
            f"sestui uses {said['max_quota_usage']:.0%} = {said['limit']:,.0f}, "
            f"{said['left']:,} left"
        )
