"""`sestui account`: what SES says of us."""

from sestui.cli.common import AsJson, opened, put, put_json, say
from sestui.core.delivery.pacing import AllowedRate
from sestui.errors import AccountError


def account_command(*, as_json: AsJson = False) -> None:
    """Show quota, rate and health of the account that mail goes to."""
    from sestui.reports.account import health_words  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        runtime.account.look()
        report = runtime.account_report()
        lack = runtime.lineage.lack()
    if report is None:
        raise AccountError("What SES said of the account could not be kept; run it again.")
    if as_json:
        put_json(report.as_dict())
        return
    place = "Simulator" if report.account == "simulator" else "Amazon SES"
    put(f"{place} · {report.region} · {', '.join(health_words(report))}")
    allowed = AllowedRate(report.allowed_rate, report.rate_factor)
    put(f"rate   {report.max_send_rate:g} a second (allowed now: {allowed.said() or 'all of it'})")
    shares = f"{report.ours_24_hours:,} by sestui, {report.others_24_hours:,} by others"
    if report.unlimited:
        put(f"24 h   {report.used:,.0f} sent ({shares}), no quota")
    else:
        put(f"24 h   {report.used:,.0f} of {report.max_24_hour_send:,.0f} sent ({shares})")
    if report.limit is not None:
        put(
            f"       sestui uses {report.max_quota_usage:.0%} = {report.limit:,.0f}, "
            f"{report.left:,} left"
        )
    if report.unexplained():
        say(
            f"{report.unexplained()} Other services on the account sent them, or this is an older "
            "copy of the database (`sestui restore --mark` lets its runs wait)."
        )
    if lack:
        say(lack)
