"""Which encoding is this list in? Ours beside charset-normalizer and chardet alone.

Goal: every list of five rows or more is read as it was written, or refused; none is misread. A file
of nothing but UTF-8 pays nothing for it.
"""

import io
import logging
import time
from collections.abc import Callable
from pathlib import Path

import chardet
import pytest
from charset_normalizer import from_bytes

from sestui.audience.imports.reader import RowFile
from sestui.audience.sources.encoding import find_encoding
from sestui.errors import BadFileError
from tests.benchmarks import figures
from tests.support.languages import ENCODINGS, Sample, samples

_REFUSED = "refused"


def _ours(content: bytes) -> str | None:
    try:
        return find_encoding(io.BytesIO(content), content[: 1024 * 1024], "list.csv", None).codec
    except BadFileError:
        return _REFUSED


def _charset_normalizer(content: bytes) -> str | None:
    best = from_bytes(content).best()
    return best.encoding if best else None


def _chardet(content: bytes) -> str | None:
    return chardet.detect(content)["encoding"]


_DETECTORS: dict[str, Callable[[bytes], str | None]] = {
    "sestui": _ours,
    "charset-normalizer": _charset_normalizer,
    "chardet alone": _chardet,
}


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rows", [1, 5, 20, 300])
def test_encodings(rows: int) -> None:
    logging.getLogger("charset_normalizer").setLevel(logging.CRITICAL)
    table = []
    totals = dict.fromkeys(_DETECTORS, 0)
    took = dict.fromkeys(_DETECTORS, 0.0)
    tried = 0
    for encoding in ENCODINGS:
        lists = samples(encoding, rows)
        tried += len(lists)
        cells: list[str] = []
        for name, detect in _DETECTORS.items():
            began = time.perf_counter()
            answers = [detect(sample.content) for sample in lists]
            took[name] += time.perf_counter() - began
            right = sum(_is_right(*each) for each in zip(lists, answers, strict=True))
            refused = answers.count(_REFUSED)
            totals[name] += right
            cells.append(f"{right} of {len(lists)}" + (f", {refused} refused" if refused else ""))
        table.append([encoding, *cells])
    table.append(["all", *(f"{totals[name]} of {tried}" for name in _DETECTORS)])
    table.append(["ms a list", *(f"{took[name] / tried * 1e3:.1f}" for name in _DETECTORS)])
    figures.show(f"lists of {rows} rows read right", ["encoding", *_DETECTORS], table)
    assert totals["sestui"] >= max(totals.values())


def _is_right(sample: Sample, answer: str | None) -> bool:
    try:
        return answer is not None and sample.content.decode(answer) == sample.text
    except (LookupError, UnicodeDecodeError):
        return False


@pytest.mark.benchmark
def test_plain_utf8_pays_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"email,name\n" + "reader@example.org,Jörg\n".encode() * 1_000_000)
    began = time.perf_counter()
    with RowFile(path) as rows:
        assert rows.format.encoding == "utf-8"
    opened = time.perf_counter() - began
    began = time.perf_counter()
    path.read_bytes().decode()
    decoded = time.perf_counter() - began
    figures.show(
        "finding out what 1,000,000 rows of UTF-8 are",
        ["", "s", "× decoding"],
        [
            ["RowFile", f"{opened:.2f}", figures.times(opened, decoded)],
            ["bytes.decode", f"{decoded:.2f}", "1.00 ×"],
        ],
    )
