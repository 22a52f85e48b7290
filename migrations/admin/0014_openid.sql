-- Operators who sign in by OpenID Connect: who they are at the provider, and sessions that begin there.

create table admin_operator_identities (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    -- The provider, and its name for the person, which never changes; an address may.
    issuer text not null constraint admin_operator_identities_issuer_check check (length(issuer) between 1 and 500),
    subject text not null constraint admin_operator_identities_subject_check check (length(subject) between 1 and 255),
    created_at timestamptz not null default now(),
    constraint admin_operator_identities_subject_key unique (issuer, subject),
    constraint admin_operator_identities_operator_key unique (operator_id, issuer)
);

-- Where the session began; null when by password.
alter table admin_operator_sessions add column issuer text;
-- Until somebody shows the text that this is the hash of, the session's token is a code that only serves to fetch one.
alter table admin_operator_sessions add column claim_challenge text
    constraint admin_operator_sessions_claim_challenge_check check (claim_challenge ~ '^[0-9a-f]{64}$');
