-- Tenants and their people. Shapes are those of the older application, so that its rows fit unchanged.
CREATE TABLE client (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    slug text,
    logo text,
    metadata jsonb,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT client_slug_unique UNIQUE (slug)
);

CREATE TABLE "user" (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    image text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT user_email_unique UNIQUE (email)
);

CREATE TABLE member (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member',
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT member_client_user_unique UNIQUE (client_id, user_id)
);
CREATE INDEX member_client_id_idx ON member (client_id);
CREATE INDEX member_user_id_idx ON member (user_id);

-- Platform staff, who see every client. Kept by the older application; no client owns it.
CREATE TABLE admin_user (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT admin_user_email_unique UNIQUE (email)
);
