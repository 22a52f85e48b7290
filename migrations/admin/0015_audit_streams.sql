-- The audit log told to somebody else as it is written: to an HTTPS endpoint, a bucket of S3, or a syslog server.

alter type audit_action add value 'audit_stream_created';
alter type audit_action add value 'audit_stream_updated';
alter type audit_action add value 'audit_stream_deleted';

create table admin_audit_streams (
    id uuid primary key default admin_uuidv7(),
    name text not null constraint admin_audit_streams_name_key unique
        constraint admin_audit_streams_name_check check (length(name) between 1 and 100),
    -- https://..., s3://BUCKET/FOLDER, syslog+tls://HOST:PORT or, on this machine, http:// and syslog+tcp://.
    endpoint text not null constraint admin_audit_streams_endpoint_check check (length(endpoint) between 6 and 2000),
    -- What signs each delivery to an HTTPS endpoint, and what goes into its Authorization header. Sealed with the
    -- platform's data key.
    signing_secret_sealed text,
    authorization_sealed text,
    -- The authority of the endpoint's certificate, PEM; null: those that the worker's machine trusts.
    ca_certificate text,
    is_active boolean not null default true,
    -- The worker that delivers, and until when it is believed to live.
    leased_by text,
    leased_until timestamptz,
    -- Not before this: it failed.
    next_attempt_at timestamptz not null default now(),
    failed_attempts integer not null default 0,
    last_error text,
    last_delivered_at timestamptz,
    delivered_rows bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_audit_streams_updated_at before update on admin_audit_streams
    for each row execute function admin_set_updated_at();

-- How far each chain was told. A chain without a row was not told at all. A chain has no gaps and its rows commit in
-- order, so that one number says all: no row that commits late is left out.
create table admin_audit_stream_cursors (
    stream_id uuid not null references admin_audit_streams (id) on delete cascade,
    chain_id uuid not null,
    sequence bigint not null constraint admin_audit_stream_cursors_sequence_check check (sequence >= 0),
    primary key (stream_id, chain_id)
);
