"""Sizes from the environment, figures as aligned tables, memory as it is used."""

import os
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psutil

_SAMPLE_SECONDS = 0.01


def size(name: str, default: int) -> int:
    """``SESTUI_BENCH_<NAME>``, or the goal's own value."""
    return int(os.environ.get(f"SESTUI_BENCH_{name}", default))


def seconds(name: str, default: float) -> float:
    """The same for a duration."""
    return float(os.environ.get(f"SESTUI_BENCH_{name}", default))


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    table = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    ]
    rule = "  ".join("─" * width for width in widths)
    print("\n".join(["", title, lines[0], rule, *lines[1:]]), flush=True)


def times(value: float, baseline: float) -> str:
    """``value`` as a multiple of ``baseline``."""
    return f"{value / baseline:.2f} ×" if baseline else "–"


def megabytes(size_in_bytes: int) -> str:
    """Memory as people read it."""
    return f"{size_in_bytes / 2**20:.0f} MB"


def resident(pid: int | None = None) -> int:
    """Bytes of memory that the process (this one) holds."""
    return int(psutil.Process(pid).memory_info().rss)


class MemoryWatch:
    """The most memory a process held while the block lasted, looked at a hundred times a second.

    Not from getrusage: a child's figure there includes what its parent held when it was started.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._held: list[tuple[float, int]] = []

    @property
    def peak(self) -> int:
        """Bytes."""
        return max((size for _, size in self._held), default=0)

    def peaks(self, parts: int) -> list[int]:
        """The most in each of so many equally long parts of the block, bytes."""
        first, last = self._held[0][0], self._held[-1][0]
        found = [0] * parts
        for at, size in self._held:
            part = min(parts - 1, int(parts * (at - first) / max(last - first, 1e-9)))
            found[part] = max(found[part], size)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            try:
                self._held.append((time.monotonic(), self._process.memory_info().rss))
            except psutil.Error:
                return  # it has ended
