"""Everything that speaks SQLModel: tables, queries per noun, migrations."""
