"""Encodings are told by what is in the file, or it is said that they can't be."""

import io

import pytest

from sestui.audience.sources.encoding import Encoding, find_encoding
from sestui.errors import BadFileError
from tests.support.languages import ENCODINGS, samples


def found(content: bytes, given: str | None = None) -> Encoding:
    return find_encoding(io.BytesIO(content), content[: 1024 * 1024], "list.csv", given)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rows", [5, 20, 300])
def test_every_encoding_is_read_as_it_was_written_or_refused(encoding: str, rows: int) -> None:
    refused = 0
    for sample in samples(encoding, rows, seeds=4):
        try:
            codec = found(sample.content).codec
        except BadFileError as error:
            assert "--encoding" in error.on_command_line()  # noqa: PT017 - both ends are right
            refused += 1
            continue
        assert sample.content.decode(codec) == sample.text, (sample.language, codec)
    assert refused <= 1


@pytest.mark.parametrize(
    ("names", "codec"),
    [("Nicolò Rossi|Andrà Conti|Forlì|Cantù", "cp1252"),
     ("Søren Ørsted|Åse Jørgensen|Århus|Bjørn Lønberg", "cp1252"),
     ("Zoë de Vries|Daniël Jansen|Renée Bakker", "cp1252"),
     ("Þórður Jónsson|Sigríður Guðmundsdóttir|Ísafjörður", "cp1252"),
     ("José Müller|François Nuñez|Zoë Åberg|São João", "cp1252"),
     ("JOSÉ MUÑOZ|MARÍA NÚÑEZ|ÁNGEL GARCÍA", "cp1252"),
     ("JOSÉ MUÑOZ|MARÍA NÚÑEZ|ÁNGEL GARCÍA", "mac-roman"),
     ("Grüner Häußler|Süß Königin|Tübingen", "mac-roman"),
     ("DVOŘÁK JIŘÍ|ČERNÝ TOMÁŠ|PLZEŇ|ŽIŽKA", "cp1250"),
     ("Ioan Ştefănescu|Maria Bălan|Timişoara|Braşov", "cp1250"),
     ("Ľubomír Kováč|Štefan Horváth|Košice|Prešov", "cp1250"),
     ("ИВАН ПЕТРОВ|ЕЛЕНА|МОСКВА", "cp1251"), ("ИВАН ПЕТРОВ|ЕЛЕНА|МОСКВА", "koi8-r"),
     ("Ђорђе Јовановић|Љубица Петровић|Београд", "cp1251"),
     ("スズキ イチロウ|タナカ ハナコ", "cp932"), ("陳大文|黃小明|李嘉欣", "big5"),
     ("Dave’s shop|a – b|“x” 5 €", "cp1252"), ("Dave’s shop|a – b|“x”", "mac-roman")],
)  # fmt: skip
def test_capitals_marks_and_other_languages_in_a_few_names(names: str, codec: str) -> None:
    text = "email,name\n" + "".join(f"a@b.co,{name}\n" for name in names.split("|"))
    content = text.encode(codec)
    assert content.decode(found(content).codec) == text


@pytest.mark.parametrize(
    ("name", "codec"),
    [("José", "cp1252"), ("Müller", "cp1252"), ("Łódź", "cp1250"), ("Иван", "cp1251")],
)
def test_one_name_is_enough(name: str, codec: str) -> None:
    content = f"email,name\na@b.co,{name}\n".encode(codec)
    assert content.decode(found(content).codec).endswith(f"{name}\n")


def test_a_late_accent_decides_and_is_shown() -> None:
    content = b"email,name\n" + b"a@b.co,x\n" * 300_000 + "a@b.co,Пётр Кузнецов\n".encode("cp1251")
    encoding = found(content)
    assert (encoding.codec, encoding.accented) == ("cp1251", ("Пётр Кузнецов",))


def test_what_the_user_says_is_not_doubted_but_must_fit() -> None:
    content = "email,name\na@b.co,Пётр Кузнецов\n".encode("cp1251")
    assert found(content, "cp1250").codec == "cp1250"
    with pytest.raises(BadFileError, match=r"is not in utf-8: .* Give another encoding"):
        found(content, "utf-8")


def test_a_broken_byte_in_utf8_is_damage_and_no_other_encoding() -> None:
    encoding = found("email,name\na@b.co,Пётр\n".encode() + b"c@d.co,\xe9\n")
    assert (encoding.codec, encoding.damaged, encoding.accented) == ("utf-8", True, ())
