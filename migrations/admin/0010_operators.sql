-- Operators: accounts, second factors, sessions, API tokens, and how fast somebody may guess.

alter type audit_action add value 'access_denied';
alter type audit_action add value 'operator_created';
alter type audit_action add value 'operator_updated';
alter type audit_action add value 'operator_signed_in';
alter type audit_action add value 'operator_password_changed';
alter type audit_action add value 'operator_second_factor_changed';
alter type audit_action add value 'operator_session_ended';
alter type audit_action add value 'operator_token_created';
alter type audit_action add value 'operator_token_revoked';

create table admin_operators (
    id uuid primary key default admin_uuidv7(),
    -- In lower case; what somebody signs in with.
    email text not null constraint admin_operators_email_key unique
        constraint admin_operators_email_check check (email = lower(email) and length(email) between 3 and 320),
    name text not null constraint admin_operators_name_check check (length(name) between 1 and 200),
    roles text[] not null constraint admin_operators_roles_check check (
        cardinality(roles) > 0 and roles <@ array['owner', 'admin', 'support', 'billing', 'read-only']
    ),
    -- argon2id in PHC form, with its own parameters.
    password_hash text not null,
    -- Whoever else set the password knows it: it must be changed before anything else.
    password_must_change boolean not null default true,
    password_changed_at timestamptz not null default now(),
    -- RFC 6238, sealed with the platform's data key. It counts from `totp_confirmed_at` on.
    totp_secret_sealed text,
    totp_confirmed_at timestamptz,
    -- The last time step whose code was used: it and earlier ones are not taken again.
    totp_last_step bigint not null default 0,
    disabled_at timestamptz,
    last_signed_in_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_operators_totp_check check (totp_confirmed_at is null or totp_secret_sealed is not null)
);
create trigger admin_operators_updated_at before update on admin_operators
    for each row execute function admin_set_updated_at();

-- For whoever lost the device. Each works once.
create table admin_operator_recovery_codes (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    code_hash text not null,
    used_at timestamptz,
    created_at timestamptz not null default now(),
    constraint admin_operator_recovery_codes_key unique (operator_id, code_hash)
);

create type admin_session_stage as enum ('password_shown', 'complete');

create table admin_operator_sessions (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    -- Lower-case hex SHA-256 of the token, which is new after each step of the sign-in.
    token_hash text not null constraint admin_operator_sessions_token_hash_key unique
        constraint admin_operator_sessions_token_hash_check check (token_hash ~ '^[0-9a-f]{64}$'),
    stage admin_session_stage not null,
    -- Whether the token is in a cookie, which a browser sends without being asked.
    in_cookie boolean not null,
    second_factor_at timestamptz,
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    ip_address inet,
    user_agent text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_operator_sessions_stage_check check ((stage = 'complete') = (second_factor_at is not null))
);
create index admin_operator_sessions_operator_idx on admin_operator_sessions (operator_id, id desc);
create index admin_operator_sessions_expires_idx on admin_operator_sessions (expires_at);
create trigger admin_operator_sessions_updated_at before update on admin_operator_sessions
    for each row execute function admin_set_updated_at();

create table admin_operator_tokens (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    name text not null constraint admin_operator_tokens_name_check check (length(name) between 1 and 100),
    token_hash text not null constraint admin_operator_tokens_token_hash_key unique
        constraint admin_operator_tokens_token_hash_check check (token_hash ~ '^[0-9a-f]{64}$'),
    token_prefix text not null,
    -- At most what the operator may do at the time of each request.
    permissions text[] not null constraint admin_operator_tokens_permissions_check check (cardinality(permissions) > 0),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index admin_operator_tokens_operator_idx on admin_operator_tokens (operator_id, id desc);
create trigger admin_operator_tokens_updated_at before update on admin_operator_tokens
    for each row execute function admin_set_updated_at();

-- How often somebody guessed wrong, per account and per network, and until when the next guess is refused unseen.
create table admin_sign_in_guesses (
    -- SHA-256 of the kind and the account or network: also of accounts that don't exist.
    subject_hash text primary key
        constraint admin_sign_in_guesses_subject_check check (subject_hash ~ '^[0-9a-f]{64}$'),
    guesses integer not null constraint admin_sign_in_guesses_guesses_check check (guesses >= 0),
    refused_until timestamptz not null,
    last_at timestamptz not null default now()
);
create index admin_sign_in_guesses_last_idx on admin_sign_in_guesses (last_at);
