-- The servers' own certificate, from an authority that speaks ACME (RFC 8555): one account and one certificate for all servers,
-- an order that any of them goes on with, and what each of them answers when the authority asks. Keys are sealed with the
-- platform's data key.

alter type audit_action add value 'server_certificate_issued';

-- Whom the authorities know us as.
create table admin_acme_accounts (
    id uuid primary key default admin_uuidv7(),
    -- The URL of the authority's directory.
    directory text not null constraint admin_acme_accounts_directory_key unique,
    -- Written before the authority hears of it: whoever comes after a crash asks with the same key and gets the same account.
    key_sealed text not null,
    -- Null until the authority has answered.
    account_url text,
    -- Those that the authority was told.
    contacts text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_acme_accounts_updated_at before update on admin_acme_accounts
    for each row execute function admin_set_updated_at();

-- What servers show. One for each set of names, which are sorted.
create table admin_acme_certificates (
    id uuid primary key default admin_uuidv7(),
    account_id uuid not null references admin_acme_accounts (id),
    domains text[] not null constraint admin_acme_certificates_domains_check check (cardinality(domains) > 0),
    -- The newest certificate with those between it and an authority, PEM, and its key.
    chain text,
    key_sealed text,
    starts_at timestamptz,
    expires_at timestamptz,
    -- The order that is under way, and the key that its certificate is for.
    order_url text,
    order_key_sealed text,
    -- How often in a row there was no certificate to be had, why not, and when it is tried again.
    failed_attempts integer not null default 0,
    last_error text,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_acme_certificates_account_domains_key unique (account_id, domains),
    constraint admin_acme_certificates_whole_check
        check (num_nulls(chain, key_sealed, starts_at, expires_at) in (0, 4)),
    constraint admin_acme_certificates_order_check check (num_nulls(order_url, order_key_sealed) in (0, 2))
);
create trigger admin_acme_certificates_updated_at before update on admin_acme_certificates
    for each row execute function admin_set_updated_at();

-- What is answered to the authority's question about a name (TLS-ALPN-01), by whichever server it reaches: the SHA-256 of the
-- key authorization, which the authority knows as well as we do.
create table admin_acme_challenges (
    certificate_id uuid not null references admin_acme_certificates (id) on delete cascade,
    domain text not null,
    digest bytea not null constraint admin_acme_challenges_digest_check check (length(digest) = 32),
    created_at timestamptz not null default now(),
    constraint admin_acme_challenges_pkey primary key (certificate_id, domain)
);
