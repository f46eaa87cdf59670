"""Find the columns of a contact's own address by their names and cells."""

import re
from collections.abc import Collection, Sequence

from sestui.audience.sources.file_cells import looks_like_address
from sestui.core.text import folded

_EMAIL_WORDS = (
    # Most certain first; compared without case, accents, spaces and punctuation.
    "email emailaddress email1value emailaddress1 primaryemail emailprimary subscriberemail "
    "contactemail useremail customeremail mail mailaddress emailid youremail workemail "
    "courriel adressecourriel adressemail adresseemail adresseelectronique "
    "emailadresse mailadresse epostadresse elektronischepost "
    "correo correoelectronico direcciondecorreo direcciondecorreoelectronico direccionemail "
    "indirizzoemail postaelettronica indirizzodipostaelettronica "
    "enderecodeemail enderecoemail correioeletronico "
    "emailadres epost epostadress eposta sahkoposti sahkopostiosoite adresemail adrespocztyemail "
    "электроннаяпочта электронныйадрес адресэлектроннойпочты почта имейл "
    "メール メールアドレス 電子メール 邮箱 电子邮件 电子邮箱 電子郵件 이메일 메일주소"
)
_OTHER_WORDS = (
    # Addresses of the same person: never an owner's, a manager's or a friend's.
    "email2 email3 email2value email3value email2address email3address emailaddress2 emailaddress3 "
    "secondaryemail secondemail otheremail alternateemail alternativeemail additionalemail "
    "homeemail privateemail personalemail businessemail officeemail companyemail emailwork "
    "emailhome emailprivate emailpersonal emailother emailbusiness "
    "emailprivat emailgeschaftlich emailberuflich emaildienstlich privateemailadresse "
    "courriel2 courrielprofessionnel emailprofessionnel emailpersonnel "
    "correo2 correopersonal correoalternativo emailprofissional emailpessoal"
)

_PERSON_WORDS = (
    "name fullname displayname contactname subscribername firstname lastname fname lname givenname "
    "familyname surname middlename vorname nachname anzeigename prenom nom nomcomplet nombre "
    "apellido apellidos nome cognome sobrenome nomecompleto voornaam achternaam naam fornamn "
    "efternamn namn imie nazwisko jmeno prijmeni имя фамилия фио 姓名 氏名 名前 이름"
)

_not_their_own = re.compile(
    r"owner|manager|refer|assign|sales|agent|sponsor|(?:creat|add|updat|modifi|invit)ed.?by",
    re.IGNORECASE,
).search
"""Names of columns whose addresses belong to somebody related to the contact."""


def address_column(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    mapped_email: int | None,
    mapped: Collection[int],
    *,
    has_header: bool,
) -> int | None:
    """The position of the address column, or None.

    ``mapped`` columns have another use; ``mapped_email`` is the one that the user named.
    """
    if mapped_email is not None:
        return mapped_email
    free = [position for position in range(len(labels)) if position not in mapped]
    filled, addresses = _counts(rows, free)
    by_content = [
        p
        for p in free
        if addresses[p] * 2 > filled[p] and not (has_header and _not_their_own(labels[p]))
    ]
    ranks = {
        position: _EMAIL_NAMES[name]
        for position in free
        if has_header and (name := folded(labels[position])) in _EMAIL_NAMES
    }
    if ranks:
        named = min(ranks, key=lambda position: (ranks[position], position))
        # "Email: yes, yes, no" beside a column full of addresses is a consent, not an address.
        by_content = [p for p in by_content if p == named or folded(labels[p]) not in _OWN_NAMES]
        if addresses[named] or not filled[named] or not by_content:
            return named
    return max(by_content, key=lambda p: (addresses[p], -p), default=None)


def other_address_columns(
    labels: Sequence[str], rows: Sequence[Sequence[str]], free: Sequence[int], *, has_header: bool
) -> tuple[int, ...]:
    """Further columns of the same person's addresses, in the file's order.

    By name only, if there is a header: an owner's or a referrer's column holds addresses too.
    """
    if has_header:
        return tuple(position for position in free if folded(labels[position]) in _OWN_NAMES)
    filled, addresses = _counts(rows, free)
    return tuple(p for p in free if addresses[p] * 2 > filled[p])


def is_address_name(label: str) -> bool:
    """Whether a column of that name holds addresses."""
    return folded(label) in _EMAIL_NAMES


def names_a_person(label: str) -> bool:
    """Whether a column of that name holds people's names, or parts of them."""
    return folded(label) in _PERSON_NAMES


def _counts(
    rows: Sequence[Sequence[str]], positions: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """The numbers of filled cells and of addresses, by column."""
    filled = dict.fromkeys(positions, 0)
    addresses = dict.fromkeys(positions, 0)
    for row in rows:
        for position in positions:
            if position < len(row) and row[position].strip():
                filled[position] += 1
                addresses[position] += looks_like_address(row[position])
    return filled, addresses


_EMAIL_NAMES = {folded(word): rank for rank, word in enumerate(_EMAIL_WORDS.split())}
_OWN_NAMES = frozenset(map(folded, [*_EMAIL_WORDS.split(), *_OTHER_WORDS.split()]))
_PERSON_NAMES = frozenset(map(folded, _PERSON_WORDS.split()))
