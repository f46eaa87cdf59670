"""Take over contacts, suppressions and drafts from other tools."""
