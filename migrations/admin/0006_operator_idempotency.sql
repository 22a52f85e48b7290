-- Idempotency-Key on the operator API: which requests were begun under a key of the caller's, and what was answered.
--
-- A row is written before the request is done and gets its answer afterwards. A row whose lease is over and that has no
-- answer is of a server that died in between: whether it took effect is not known, so it is never done again.
create table admin_idempotency_keys (
    id uuid primary key default admin_uuidv7(),
    -- SHA-256 of operator, method, path and key: a path may be longer than what fits into an index.
    scope_hash text not null constraint admin_idempotency_keys_scope_hash_key unique
        constraint admin_idempotency_keys_scope_hash_check check (scope_hash ~ '^[0-9a-f]{64}$'),
    operator text not null,
    method text not null,
    path text not null,
    idempotency_key text not null
        constraint admin_idempotency_keys_idempotency_key_check check (length(idempotency_key) between 1 and 255),
    -- SHA-256 of path, query and body: the same key with another payload is a mistake of the caller's.
    fingerprint text not null
        constraint admin_idempotency_keys_fingerprint_check check (fingerprint ~ '^[0-9a-f]{64}$'),
    -- Until when the server that does the request says that it lives.
    lease_expires_at timestamptz not null,
    response_status integer
        constraint admin_idempotency_keys_response_status_check check (response_status between 100 and 599),
    response_headers jsonb not null default '{}'
        constraint admin_idempotency_keys_response_headers_check check (jsonb_typeof(response_headers) = 'object'),
    -- Sealed: an answer may show an API key.
    response_body_sealed text,
    -- The key may be used anew after this.
    expires_at timestamptz not null default now() + interval '24 hours',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_idempotency_keys_response_check
        check ((response_status is null) = (response_body_sealed is null))
);
create index admin_idempotency_keys_expires_idx on admin_idempotency_keys (expires_at);
create trigger admin_idempotency_keys_updated_at before update on admin_idempotency_keys
    for each row execute function admin_set_updated_at();
