-- Passkeys: a second factor of operators, beside the authenticator app or in its place.

create table admin_operator_passkeys (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    -- What its holder calls it.
    name text not null constraint admin_operator_passkeys_name_check check (length(name) between 1 and 100),
    -- What the authenticator calls it. Whoever it belongs to here, it is nobody else's.
    credential_id bytea not null constraint admin_operator_passkeys_credential_key unique
        constraint admin_operator_passkeys_credential_check check (octet_length(credential_id) between 1 and 1023),
    -- The domain that it was made for: browsers show it to no other.
    domain text not null constraint admin_operator_passkeys_domain_check check (length(domain) between 1 and 253),
    -- The public key, with what the authenticator said of it for good, as `webauthn_rp` writes it.
    public_key bytea not null,
    -- How browsers reach the authenticator, as bits.
    transports smallint not null constraint admin_operator_passkeys_transports_check check (transports between 0 and 255),
    -- How often it was used, as the authenticator counts; 0 when it doesn't. One that goes back is a copy's.
    sign_count bigint not null constraint admin_operator_passkeys_sign_count_check check (sign_count between 0 and 4294967295),
    -- Whether it stays on its device, may be synchronised, or is.
    backup text not null constraint admin_operator_passkeys_backup_check check (backup in ('never', 'possible', 'done')),
    -- Whether it is part of the machine or something that is plugged into it; null when the browser didn't say.
    attachment text constraint admin_operator_passkeys_attachment_check check (attachment in ('platform', 'cross-platform')),
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index admin_operator_passkeys_operator_idx on admin_operator_passkeys (operator_id, id);
create trigger admin_operator_passkeys_updated_at before update on admin_operator_passkeys
    for each row execute function admin_set_updated_at();
create trigger admin_operator_passkeys_dashboard after insert or delete or update of name on admin_operator_passkeys
    for each row execute function admin_notify_dashboard('operators', '', 'operator_id');

-- What a session was asked to sign, until it answers: once, and within minutes. Here, and in no cookie that a browser
-- could show again.
create table admin_passkey_challenges (
    session_id uuid primary key references admin_operator_sessions (id) on delete cascade,
    -- An answer to one is none to the other.
    purpose text not null constraint admin_passkey_challenges_purpose_check check (purpose in ('new', 'sign_in')),
    state bytea not null,
    expires_at timestamptz not null
);
create index admin_passkey_challenges_expires_idx on admin_passkey_challenges (expires_at);
