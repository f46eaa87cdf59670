"""Print the lowest versions that pyproject.toml allows, as constraints for pip.

For ``pip install -c constraints-lowest.txt '.[postgres,web]'``: what the bounds promise is then
what is installed. Packages that only they want come in whatever version fits.
"""

import re
import sys
import tomllib
from pathlib import Path

EXTRAS = ("postgres", "web")
"""Of what is for users; what tests need is pinned by constraints.txt."""

_BOUND = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?>=(?P<version>[0-9][0-9.]*)(?:[,<!].*)?"
)


def lowest(requirement: str) -> str:
    """``name==version`` of a requirement's lower bound.

    Raises:
        SystemExit: it has none.
    """
    found = _BOUND.fullmatch(requirement.replace(" ", ""))
    if found is None:
        sys.exit(f"{requirement}: it has no lower bound.")
    return f"{found['name']}=={found['version']}"


def main() -> None:
    """Read the file beside this folder."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    sys.stdout.writelines(f"{lowest(each)}\n" for each in wanted)


if __name__ == "__main__":
    main()
