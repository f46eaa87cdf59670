"""A person's name from a contact's attributes."""

from collections.abc import Mapping
from typing import Any

_WHOLE = ("name", "full_name", "display_name", "nom_complet", "nombre_completo")
_FIRST = ("first_name", "firstname", "given_name", "prenom", "prénom", "vorname", "nombre", "fname")
_LAST = ("last_name", "lastname", "family_name", "surname", "nachname", "apellido", "lname")


def name_of(attributes: Mapping[str, Any]) -> str:
    """The person's name; '' if the attributes hold none."""
    whole = _first_of(attributes, _WHOLE)
    if whole:
        return whole
    parts = (_first_of(attributes, _FIRST), _first_of(attributes, _LAST))
    return " ".join(part for part in parts if part)


def _first_of(attributes: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
