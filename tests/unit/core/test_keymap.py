import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.core.keymap import keymap_of, keymap_text


@pytest.mark.parametrize(
    "written",
    [
        '"campaigns.start" = "S"\n"import.next" = "n,ctrl+n"',
        'campaigns.start = "S"\nimport.next = ["n", "ctrl+n"]',
        'campaigns = {start = "S"}\nimport.next = " n, ctrl+n "',
    ],
)
def test_a_table_may_be_written_in_several_ways(written: str) -> None:
    expected = {"campaigns.start": "S", "import.next": "n,ctrl+n"}
    assert keymap_of(tomllib.loads(written)) == expected
    assert keymap_of("campaigns.start=S  import.next=n,ctrl+n") == expected


@pytest.mark.parametrize(
    "wrong",
    ["campaigns.start", "=S", "x=", 3, ["x=y"], {"x": 1}, {"x": []}, {"x": [""]}, {"x": {"y": ""}}],
)
def test_what_is_no_keymap_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"id=keys|needs the name of a key"):
        keymap_of(wrong)


NAMES = st.from_regex(r"[a-z]+(\.[a-z-]+)*", fullmatch=True)
KEYS = st.from_regex(r"[a-zA-Z+_]+(,[a-z+_]+)*", fullmatch=True)


@settings(max_examples=50)
@given(st.dictionaries(NAMES, KEYS, max_size=4))
def test_one_line_says_the_same(keymap: dict[str, str]) -> None:
    assert keymap_of(keymap_text(keymap)) == keymap_of(keymap) == keymap
