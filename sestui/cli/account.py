"""`sestui account`: quota, rate and health of the account."""

from sestui.cli.shared.common import AsJson, opened, put, put_json, say
from sestui.core.delivery.account import UNLIMITED
from sestui.core.percent import set_percent
from sestui.errors import AccountError

_LABELS = {"bounced": "bounce", "complained": "spam"}


def account_command(*, as_json: AsJson = False) -> None:
    """Show quota, rate and health of the account that mail goes to."""
    from sestui.reports.account import health_words  # noqa: PLC0415 - the database is slow to import

    with opened() as runtime:
        runtime.account.poll()
        report = runtime.account_report()
        reason = runtime.lineage.unavailable_reason()
    if report is None:
        raise AccountError(
            "What SES says about the account could not be saved; run the command again."
        )
    if as_json:
        put_json(report.as_dict())
        return
    place = "Simulator" if report.account == "simulator" else "Amazon SES"
    row, quota = report.known.row, report.known.quota
    put(f"{place} · {report.region} · {', '.join(health_words(row))}")
    allowed = report.known.allowed.sentence() or "all of it"
    put(f"rate   {row.max_send_rate:g} a second (allowed now: {allowed})")
    shares = f"{report.ours_24_hours:,} by sestui, {report.others_24_hours:,} by others"
    if quota.maximum == UNLIMITED:
        put(f"24 h   {quota.used:,.0f} sent ({shares}), no quota")
    else:
        put(f"24 h   {quota.used:,.0f} of {quota.maximum:,.0f} sent ({shares})")
    if quota.limit is not None:
        share = set_percent(report.max_quota_usage)
        put(
            f"       your limit: {share} of SES's {quota.maximum:,.0f} a day"
            f" = {quota.limit:,.0f}, {quota.left:,} left"
        )
    for rate in report.rates:
        put(f"{_LABELS[rate.what]:<7}{rate.sentence()}")
    if report.unexplained():
        say(
            f"{report.unexplained()} Other services on the account sent them, or this is an older "
            "copy of the database (`sestui restore --mark` holds its runs for approval)."
        )
    if reason:
        say(reason)
