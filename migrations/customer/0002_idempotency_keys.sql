-- The answers that are given again when a program repeats a request (the header Idempotency-Key).

-- A row is written in the transaction that has the effect which it tells of: there is never one without the other. Rows
-- count for 24 hours; later ones are removed, a few at a time, by the requests that add new ones.
create table idempotency_keys (
    org_id uuid not null default sixty_current_organization(),
    method text not null,
    path text not null,
    key text not null,
    fingerprint bytea not null,
    status smallint not null,
    location text,
    etag text,
    body text not null,
    created_at timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (org_id, method, path, key),
    -- A deleted organization's answers go with it, and never keep it from going.
    constraint idempotency_keys_org_id_fkey foreign key (org_id) references organizations (id) on delete cascade,
    constraint idempotency_keys_method_check check (method = upper(method) and method <> ''),
    constraint idempotency_keys_path_check check (path like '/%'),
    constraint idempotency_keys_key_check check (key ~ '^[ -~]{1,255}$'),
    constraint idempotency_keys_fingerprint_check check (octet_length(fingerprint) = 32),
    constraint idempotency_keys_status_check check (status between 200 and 299)
);
comment on table idempotency_keys is 'What was answered to requests with an Idempotency-Key, to be answered again for 24 hours.';
comment on column idempotency_keys.fingerprint is 'SHA-256 of the request: the same key with another request is refused.';
create index idempotency_keys_created_at_idx on idempotency_keys (org_id, created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy idempotency_keys_of_organization on idempotency_keys
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));
