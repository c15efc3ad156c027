-- Rows of the older application that nothing can hold any more: what they belonged to is gone, or nothing tells whose they are.
-- They are kept here whole, for a person to look at, when a database is taken over.
CREATE TABLE schema_adoption_row (
    table_name text NOT NULL,
    id text NOT NULL,
    reason text NOT NULL,
    content jsonb NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, id)
);
