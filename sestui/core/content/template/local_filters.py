"""Filters for localised dates, money and plurals: ``{{ now | date("d MMMM") }}``.

Babel is slow to import, so it is imported by the first template that uses one.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2.runtime import Context, Undefined
from jinja2.utils import pass_context

from sestui.core.content.template.budget import meter_of
from sestui.core.content.template.strict import ValueFault
from sestui.core.text import printable

if TYPE_CHECKING:
    from babel import Locale

_COST = 500
"""Budget units for one filter, which takes as long as ten steps."""
_STYLES = frozenset({"short", "medium", "long", "full"})
_LONGEST_PATTERN = 100
_DIGITS = 15
"""Larger exponents are refused, as they would be written out."""
_USUAL = "en"
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})


@pass_context
def date_of(
    context: Context, value: Any, pattern: str = "long", locale: str = "", zone: str = ""
) -> str:
    """Format a date or time.

    Args:
        context: Jinja's; the campaign's ``lang`` in it is the default language.
        value: a date, or a string such as 2026-12-01 or 2026-12-01T09:00+01:00.
        pattern: short, medium, long, full, or a pattern of CLDR such as ``d MMMM yyyy, HH:mm``.
        locale: a language such as ``de`` or ``pt-BR``.
        zone: an IANA zone to convert a time to; a time without a zone is taken to be in it.

    Raises:
        ValueFault: it is not a date, or there is no such pattern, language or zone.
    """
    from babel.dates import format_date, format_datetime  # noqa: PLC0415 - see above

    _begin(context, value)
    moment = _moment(value)
    language = _locale(context, locale)
    if isinstance(moment, datetime) and zone:
        place = _zone(zone)
        moment = moment.astimezone(place) if moment.tzinfo else moment.replace(tzinfo=place)
    if pattern in _STYLES:
        return str(format_date(moment, pattern, locale=language))
    if not isinstance(pattern, str) or len(pattern) > _LONGEST_PATTERN:
        raise ValueFault("date: write short, medium, long, full, or a pattern such as d MMMM yyyy")
    try:
        if isinstance(moment, datetime):
            # Babel would treat a time without a zone as UTC.
            return str(format_datetime(moment, pattern, tzinfo=moment.tzinfo, locale=language))
        return str(format_date(moment, pattern, locale=language))
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueFault(
            f"date: {printable(pattern)} is not a date pattern; write one such as d MMMM yyyy"
        ) from error


@pass_context
def money(context: Context, value: Any, currency: str = "EUR", locale: str = "") -> str:
    """Format an amount: ``{{ price | money("EUR", "de") }}`` is 1.234,50 €.

    Raises:
        ValueFault: it is not a number, or there is no such currency or language.
    """
    from babel.numbers import format_currency, is_currency  # noqa: PLC0415 - see above

    _begin(context, value)
    amount = _number(value, "money")
    if not isinstance(currency, str) or not is_currency(currency):
        raise ValueFault(f"money: {printable(str(currency))!r} is not a currency; write EUR or USD")
    return str(format_currency(amount, currency, locale=_locale(context, locale)))


@pass_context
def plural(context: Context, value: Any, *forms: str, locale: str = "", **named: str) -> str:
    """Choose a word by a number: ``{{ n }} {{ n | plural("letter", "letters") }}``.

    More than two forms are named as in CLDR: ``plural(one="list", few="listy", other="listów",
    locale="pl")``.

    Raises:
        ValueFault: it is not a number, or the forms are wrong.
    """
    _begin(context, value)
    amount = _number(value, "plural")
    if len(forms) == 2:
        named = {"one": forms[0], "other": forms[1]} | named
    elif forms:
        raise ValueFault('plural: give the word for one and for several: plural("day", "days")')
    if "other" not in named or not named.keys() <= _FORMS:
        raise ValueFault('plural: give the forms by name, "other" among them')
    form = _locale(context, locale).plural_form(abs(amount))
    return str(named.get(form, named["other"]))


FILTERS: dict[str, Callable[..., Any]] = {"date": date_of, "money": money, "plural": plural}
"""The filters by their names in templates."""


def _begin(context: Context, value: Any) -> None:
    meter_of(context).charge(_COST)
    if isinstance(value, Undefined):
        str(value)  # raises its own error


def _moment(value: Any) -> date:
    """A date, or a datetime, which is a date too."""
    if isinstance(value, date):
        return value
    text = value.strip() if isinstance(value, str) else ""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise ValueFault(f"date: {printable(str(value))[:40]!r} is not a date; write it as 2026-12-01")


def _number(value: Any, name: str) -> Decimal:
    amount = None
    if isinstance(value, int | float | Decimal | str) and not isinstance(value, bool):
        try:
            amount = Decimal(value.strip() if isinstance(value, str) else str(value))
        except InvalidOperation:
            amount = None
    if amount is None or not amount.is_finite() or amount.adjusted() > _DIGITS:
        said = printable(str(value))[:40]
        raise ValueFault(f"{name}: {said!r} is not a number; write it as 1234.50")
    return amount if amount.adjusted() > -_DIGITS else Decimal(0)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise ValueFault(
            f"date: {printable(str(name))!r} is not a time zone; write Europe/Paris"
        ) from error


def _locale(context: Context, given: str) -> "Locale":
    """The language given, else the campaign's, else English."""
    if not given:
        keywords = context.get("keywords")
        given = keywords.get("lang", "") if isinstance(keywords, dict) else ""
    return _locale_named(str(given or _USUAL))


@lru_cache(maxsize=64)
def _locale_named(name: str) -> "Locale":
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - see above

    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise ValueFault(
            f"{printable(name)!r} is not a language; write it as en, de or pt-BR"
        ) from error
