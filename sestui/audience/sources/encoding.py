"""Detect a file's encoding by its mark, UTF-8's rules, zeros, or statistics.

The whole file is decoded once, in pieces of fixed size: only so is UTF-8 told apart from a code
page when the first accent comes after a million rows, and only then do undamaged files, nearly
all, need no check of every cell. What is no UTF-8 is judged by the cells that have bytes above 127
in them, addresses and everything else in ASCII being the same in every code page. chardet ranks
the encodings by how usual their letters' neighbourhoods are; a text that then has symbols within
words, or letters that no language has together, loses rank. `tests/benchmarks/test_encodings.py`
measures it beside other detectors.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from sestui.audience.sources.file_cells import KEEP_BYTES
from sestui.errors import BadFileError

PIECE = 1024 * 1024
_MARKS = (
    # UTF-32's little-endian mark begins with UTF-16's.
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_CANDIDATES = {
    # As chardet calls them, and the widest codec of the kind that Python has.
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1252": "cp1252",
    "cp1253": "cp1253",
    "cp1254": "cp1254",
    "cp1255": "cp1255",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "iso8859-2": "iso8859-2",
    "mac-roman": "mac-roman",
    "cp850": "cp850",
    "cp866": "cp866",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "cp932": "cp932",
    "euc_jis_2004": "euc_jp",
    "gb18030": "gb18030",
    "big5hkscs": "big5hkscs",
    "cp949": "cp949",
}
_EAST_ASIAN = frozenset({"cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949"})
_ALPHABETS = (
    # Letters beyond a-z of languages, with how usual their lists are: western ones first, which
    # share their place in the code pages with central European letters.
    (1.0, "áéíóúüñª"),
    (1.0, "àâæçéèêëîïôœùûüÿ"),
    (1.0, "äöüßéè"),
    (1.0, "áâãàçéêíóôõúü"),
    (1.0, "åäöéüøæ"),
    (1.0, "àèéìíòóùú"),
    (1.0, "ëïéèöüó"),
    (1.0, "áéíóúýþæðö"),
    (0.75, "ąćęłńóśźż"),
    (0.75, "áčďéěíňóřšťúůýž"),
    (0.75, "áäčďéíĺľňóôŕšťúýž"),
    (0.75, "áéíóöőúüű"),
    (0.75, "čćđšž"),
    (0.75, "ăâîşţșț"),
    (0.75, "çğıİöşüâî"),
    (0.75, "ąčęėįšųūž"),
    (0.75, "āčēģīķļņšūž"),
    (0.75, "õäöüšž"),
)
_EVIDENCE = 8 * 1024
"""The most bytes of cells that are examined."""
_SHOWN = 3
_MAX_SHOWN = 40
_UNSURE = 0.9
"""A second encoding with a score this near may also be right."""
_PLAUSIBLE = 0.5
_CELL_ENDS = re.compile(rb"[\r\n;,\t|\"<>]+")
_MIXED = re.compile(
    r"[a-zA-ZÀ-ž](?=[Ͱ-ۿ㐀-鿿가-힣ｦ-ﾟ])|[Ͱ-ۿ㐀-鿿가-힣ｦ-ﾟ](?=[a-zA-ZÀ-ž])"
    r"|[Ͱ-Ͽ](?=[Ѐ-ۿ])|[Ѐ-ӿ](?=[Ͱ-Ͽ֐-ۿ])|[֐-ۿ](?=[Ͱ-ӿ])"
    r"|(?<=[^\W\d_])[«»‹›“”„‘‚…•°ºª§€£©®™¿¡](?=[^\W\d_])"
)
"""Two scripts, or a mark, within a word."""
_TYPOGRAPHY = frozenset("«»‹›“”„‘’‚–—…•·°ºª№®©™§€£¿¡´\u00a0\u3000・")
_NO_LETTERS = frozenset("ƒˆ˜")
"""Letters in Unicode that don't occur in names."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A file's encoding and what is known of its text."""

    codec: str
    """A Python codec that also removes the byte order mark."""
    damaged: bool
    """It has NUL characters or undecodable bytes."""
    lines: int
    """Line ends."""
    escaped_quotes: bool = False
    r"""A quotation mark within a cell is written ``\"``."""
    spaced_quotes: bool = False
    """A quotation mark that opens a cell has a space before it."""
    nulls: bool = False
    r"""A cell without value is written ``\N``, as MySQL and PostgreSQL do."""
    accented: tuple[str, ...] = ()
    """Sample cells to check the encoding by; () for Unicode, which is certain."""


def find_encoding(file: BinaryIO, head: bytes, name: str, given: str | None) -> Encoding:
    """Detect the encoding of ``file``, which begins with ``head``; leaves it at its start.

    ``given`` is the user's, and is not checked.

    Raises:
        BadFileError: the encoding is unknown or ambiguous; the sentence says what to do.
    """
    codec = given or unicode_by_sight(head)
    if codec is None and b"\x1b$B" in head:
        codec = "iso2022_jp"
    guess = codec or "utf-8"
    try:
        found = _decode_all(file, guess, "strict")
    except UnicodeError:
        found = _decode_all(file, guess, KEEP_BYTES)
    else:
        return found.encoding(guess)
    # Bytes above 127 that hardly ever form UTF-8 characters: an older encoding. Otherwise UTF-8
    # with damage in it.
    if codec is not None or found.undecodable <= found.multibyte:
        if given and found.undecodable > found.lines + 1:
            raise BadFileError(
                f"{name} is not in {given}: {found.undecodable:,} of its bytes are invalid there. "
                "Give another encoding, or none.",
                by_option="(--encoding gives it.)",
            )
        return found.encoding(guess)
    guess, accented = _by_likeness(_evidence(file), name)
    return _decode_all(file, guess, KEEP_BYTES).encoding(guess, accented)


def unicode_by_sight(head: bytes) -> str | None:
    """The encoding by a byte order mark, or by zeros typical of UTF-16 or UTF-32; else None."""
    return next((codec for mark, codec in _MARKS if head.startswith(mark)), None) or _wide(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: ASCII has zeros at every second place, or three of four."""
    start = head[: 64 * 1024]
    start = start[: len(start) // 4 * 4]
    if start.count(0) * 5 < len(start) or not start:
        return None
    for codec in _WIDE:
        try:
            text = start.decode(codec)
        except UnicodeDecodeError as error:
            # Half a surrogate pair at the very end is no fault.
            if error.start < len(start) - 4:
                continue
            text = start[: error.start].decode(codec)
        ascii_share = sum(" " <= each <= "~" or each in "\r\n\t" for each in text)
        if "\0" not in text and ascii_share * 4 > len(text):
            return codec
    return None


class _Decoded(NamedTuple):
    undecodable: int
    """Undecodable bytes."""
    multibyte: int
    """Continuation bytes of valid characters."""
    has_nul: bool
    lines: int
    escaped_quotes: bool
    spaced_quotes: bool
    nulls: bool

    def encoding(self, codec: str, accented: tuple[str, ...] = ()) -> Encoding:
        damaged = self.has_nul or self.undecodable > 0
        return Encoding(
            codec,
            damaged,
            self.lines,
            self.escaped_quotes,
            self.spaced_quotes,
            self.nulls,
            accented,
        )


_escaped_quote = re.compile(r'\\"[^",;\t|\r\n]').search
"""A quotation mark after a backslash, after which the cell continues."""
_spaced_quote = re.compile(r'(?:\A|[,;\t|\n]) +"[^",;\t|\r\n]').search
"""A quotation mark after a backslash that would end the cell."""
_null = re.compile(r'[",;\t|]\\N["\r\n,;\t|]').search


def _decode_all(file: BinaryIO, encoding: str, errors: str) -> _Decoded:
    """Decode the whole file and leave it at its start."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    undecodable = multibyte = lines = returns = 0
    has_nul = escaped = spaced = nulls = last = False
    while not last:
        piece = file.read(PIECE)
        last = not piece
        text = decoder.decode(piece, final=last)
        has_nul = has_nul or "\0" in text
        lines += text.count("\n")
        returns += text.count("\r")
        if ' "' in text:
            spaced = spaced or _spaced_quote(text) is not None
        if "\\" in text:
            escaped = escaped or _escaped_quote(text) is not None
            nulls = nulls or _null(text) is not None
        if errors != "strict" and not text.isascii():
            undecodable += len(re.findall("[\ud800-\udfff]", text))
            multibyte += len(piece) - len(text)
    file.seek(0)
    return _Decoded(undecodable, multibyte, has_nul, max(lines, returns), escaped, spaced, nulls)


def _evidence(file: BinaryIO) -> bytes:
    """Distinct cells with bytes above 127, a line each, from the whole file if necessary."""
    file.seek(0)
    kept: dict[bytes, None] = {}
    size = 0
    for piece in _pieces(file):
        if piece.isascii():
            continue
        for cell in _CELL_ENDS.split(piece):
            if cell.isascii() or cell in kept:
                continue
            kept[cell] = None
            size += len(cell) + 1
            if size > _EVIDENCE:
                break
        if size > _EVIDENCE:
            break
    file.seek(0)
    return b"\n".join(kept)[:_EVIDENCE]


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Chunks that end with a line, if there are lines."""
    while piece := file.read(64 * 1024):
        yield piece + file.readline(64 * 1024)


class _Read(NamedTuple):
    merit: float
    codec: str
    text: str
    plausible: float


def _by_likeness(evidence: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The codec, and some cells read with it.

    Raises:
        BadFileError: several are as likely, or none is.
    """
    windows = _plausibility(evidence.decode("cp1252", "replace"))  # 0 without any letter
    for codec in ("cp1252", "mac-roman"):
        text = evidence.decode(codec, "replace")
        marks_only = all(each.isascii() or each in _TYPOGRAPHY for each in text)
        if marks_only and not _MIXED.search(text) and windows < _PLAUSIBLE:
            return codec, _shown(text)  # a model of letters ignores dashes and quotes
    readings = [each for each in _readings(evidence) if each.plausible >= _PLAUSIBLE]
    if not readings:
        raise BadFileError(
            f"{name} is not UTF-8, and its encoding can't be detected; say which it is, or save "
            "it as UTF-8.",
            by_option="--encoding says which.",
        )
    best = readings[0]
    other = next((each for each in readings if each.text != best.text), None)
    if other is not None and other.merit > best.merit * _UNSURE:
        seen, instead = next(
            (one[:_MAX_SHOWN], two[:_MAX_SHOWN])
            for one, two in zip(best.text.splitlines(), other.text.splitlines(), strict=False)
            if one != two
        )
        raise BadFileError(
            f"{name} may be in {best.codec} ({seen}) or {other.codec} ({instead}); say which.",
            by_option="--encoding does.",
        )
    # The most common of several code pages with the same result.
    alike = {each.codec for each in readings if each.text == best.text}
    return "cp1252" if "cp1252" in alike else best.codec, _shown(best.text)


def _shown(text: str) -> tuple[str, ...]:
    return tuple(cell.strip()[:_MAX_SHOWN] for cell in text.splitlines()[:_SHOWN])


def _readings(evidence: bytes) -> list[_Read]:
    """The cells decoded with each possible encoding, the best first."""
    from chardet import detect_all  # noqa: PLC0415 - rarely needed

    def likeness(data: bytes, names: Iterable[str]) -> dict[str, float]:
        answers = detect_all(
            data,
            ignore_threshold=True,
            include_encodings=names,
            no_match_encoding="cp1252",
            compat_names=False,
        )
        return {each["encoding"] or "": each["confidence"] for each in answers}

    found: list[_Read] = []
    alike = likeness(evidence, _CANDIDATES)
    for name, codec in _CANDIDATES.items():
        text = evidence.decode(codec, "replace")
        plausible = _plausibility(text)
        merit = alike.get(name, 0.0)
        if plausible >= _PLAUSIBLE and name not in _EAST_ASIAN and not text.istitle():
            # Its models are of running text, with few capitals.
            written = text.title().encode(codec, "ignore")
            merit = max(merit, likeness(written, {name, "cp1252"}).get(name, 0.0))
        found.append(_Read(merit * plausible * _fit(text), codec, text, plausible))
    found.sort(key=lambda reading: -reading.merit)
    return found


def _plausibility(text: str) -> float:
    """1 if only letters are beyond ASCII; symbols and other errors within words reduce it."""
    letters = faults = 0
    for each in text:
        if each.isascii():
            continue
        if each == "\ufffd":
            faults += 4
        elif each.isalpha() and each not in _NO_LETTERS:
            letters += 1
        elif each not in _TYPOGRAPHY:
            faults += 1
    faults += len(_MIXED.findall(text)) + _misplaced_capitals(text)
    return letters / (letters + 4 * faults) if letters else 0.0


def _misplaced_capitals(text: str) -> int:
    """The number of letters beyond ASCII whose case doesn't fit: ``aÀ``, ``ÀBa``."""
    count = 0
    for first, second, third in zip("  " + text, " " + text, text, strict=False):
        if second.isascii() and third.isascii():
            continue  # McDonald
        risen = second.islower() and third.isupper()
        count += risen or (first.isupper() and second.isupper() and third.islower())
    return count


def _fit(text: str) -> float:
    """How well a single language's alphabet covers the Latin letters; 1 for other scripts."""
    letters = [
        "İ" if each == "İ" else each.lower()
        for each in text
        if each.isalpha() and not each.isascii()
    ]
    if not letters or max(letters) >= "\u0250":
        return 1.0
    best = max(
        weight * sum(each in alphabet for each in letters) for weight, alphabet in _ALPHABETS
    )
    return (best / len(letters)) ** 2
