-- Rows of the older application that nothing can hold any more: what they belonged to is gone, or nothing tells whose they are.
-- They are kept here whole, for a person to look at, when a database is taken over.
CREATE TABLE schema_adoption_row (
    table_name TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    set_aside_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (table_name, id)
);
