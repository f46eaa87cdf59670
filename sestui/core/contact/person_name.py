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


def composed_name(attributes: Mapping[str, Any]) -> str:
    """The person's name if several attributes make it up; '' if one holds it all, or none does."""
    parts = (_first_of(attributes, _FIRST), _first_of(attributes, _LAST))
    return name_of(attributes) if all(parts) and not _first_of(attributes, _WHOLE) else ""


def names_first(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The same attributes, those that may hold a name before the others."""
    names = [name for name in (*_WHOLE, *_FIRST, *_LAST) if name in attributes]
    return {name: attributes[name] for name in (*names, *attributes)}


def _first_of(attributes: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
