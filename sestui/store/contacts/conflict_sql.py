"""SQL of both engines for upserts of known contacts."""
# ruff: noqa: S608 # statements are put together from constants of this module

from typing import NamedTuple

from sestui.core.contact.conflict_policy import OnConflict

_LEFT = "contact.status = 'active' AND excluded.status <> 'active'"
_STATUS = (
    "status = CASE WHEN contact.status = 'active' THEN excluded.status ELSE contact.status END, "
    f"status_reason = CASE WHEN {_LEFT} THEN excluded.status_reason "
    "ELSE contact.status_reason END"
)


class Rule(NamedTuple):
    """How a known contact is updated."""

    sets: str
    """Assignments; '' for none."""
    when: str
    """The condition under which they change anything."""

    def narrow(self) -> str:
        """The clause for rows without a status."""
        if not self.sets:
            return "DO NOTHING"
        return f"DO UPDATE SET {self.sets}, updated_at = :now WHERE {self.when}"

    def wide(self) -> str:
        """The clause for rows with a status."""
        sets = f"{self.sets}, {_STATUS}" if self.sets else _STATUS
        when = f"({self.when}) OR ({_LEFT})" if self.when else _LEFT
        return f"DO UPDATE SET {sets}, updated_at = :now WHERE {when}"


_SQLITE_NEW_TAGS = (
    "(SELECT value FROM json_each(excluded.tags) "
    "WHERE value NOT IN (SELECT value FROM json_each(contact.tags)))"
)
_SQLITE_NEW_VALUES = (
    # Compare texts first, which is cheap: most known contacts are unchanged.
    "(json_patch(contact.attributes, excluded.attributes) <> contact.attributes AND EXISTS ("
    "SELECT 1 FROM json_each(excluded.attributes) AS fresh "
    "LEFT JOIN json_each(contact.attributes) AS old ON old.key = fresh.key "
    "WHERE old.value IS NOT fresh.value OR old.type IS NOT fresh.type))"
)
SQLITE = {
    OnConflict.SKIP: Rule("", ""),
    OnConflict.UPDATE: Rule(
        "attributes = json_patch(contact.attributes, excluded.attributes), "
        "tags = (SELECT json_group_array(value) FROM (SELECT value FROM json_each(contact.tags) "
        "UNION ALL SELECT value FROM " + _SQLITE_NEW_TAGS + "))",
        _SQLITE_NEW_VALUES + " OR EXISTS " + _SQLITE_NEW_TAGS,
    ),
    OnConflict.REPLACE: Rule(
        "attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END",
        _SQLITE_NEW_VALUES + " OR EXISTS ("
        "SELECT 1 FROM json_each(contact.attributes) WHERE key NOT IN "
        "(SELECT key FROM json_each(excluded.attributes))) "
        "OR (:replace_tags AND (EXISTS " + _SQLITE_NEW_TAGS + " OR "
        "json_array_length(contact.tags) <> json_array_length(excluded.tags)))",
    ),
}

_OLD, _NEW = "CAST(contact.attributes AS jsonb)", "CAST(excluded.attributes AS jsonb)"
_OLD_TAGS, _NEW_TAGS = "CAST(contact.tags AS jsonb)", "CAST(excluded.tags AS jsonb)"
POSTGRES = {
    OnConflict.SKIP: Rule("", ""),
    OnConflict.UPDATE: Rule(
        f"attributes = CAST({_OLD} || {_NEW} AS json), "
        f"tags = CAST({_OLD_TAGS} || (SELECT coalesce(jsonb_agg(tag), '[]') "
        f"FROM jsonb_array_elements({_NEW_TAGS}) AS tag WHERE NOT {_OLD_TAGS} @> tag) AS json)",
        # Not @>, as a list contains shorter ones.
        f"{_OLD} || {_NEW} <> {_OLD} OR NOT {_OLD_TAGS} @> {_NEW_TAGS}",
    ),
    OnConflict.REPLACE: Rule(
        "attributes = excluded.attributes, "
        "tags = CASE WHEN :replace_tags THEN excluded.tags ELSE contact.tags END",
        f"{_OLD} <> {_NEW} "
        f"OR (:replace_tags AND NOT ({_OLD_TAGS} @> {_NEW_TAGS} AND {_NEW_TAGS} @> {_OLD_TAGS}))",
    ),
}
