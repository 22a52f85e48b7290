-- Jobs of the worker, and the backups of every database.

create type admin_job_status as enum ('queued', 'running', 'succeeded', 'dead');

-- The row is the truth of a job; what lies in Redis is only a hint that there is one.
create table admin_jobs (
    id uuid primary key default admin_uuidv7(),
    kind text not null check (kind ~ '^[a-z][a-z0-9_]*$'),
    payload jsonb not null default '{}',
    status admin_job_status not null default 'queued',
    -- Runs that were begun and did not end with their worker.
    attempts integer not null default 0 check (attempts >= 0),
    max_attempts integer not null default 10 check (max_attempts > 0),
    -- Runs that ended with their worker.
    crashes integer not null default 0 check (crashes >= 0),
    max_crashes integer not null default 3 check (max_crashes > 0),
    run_at timestamptz not null default now(),
    -- Of two jobs with the same key only one is waiting or running at any time.
    unique_key text,
    -- When the job's id was last put into Redis.
    offered_at timestamptz,
    lease_owner text,
    lease_expires_at timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    check ((status = 'running') = (lease_owner is not null and lease_expires_at is not null)),
    check ((status in ('succeeded', 'dead')) = (finished_at is not null))
);
create unique index admin_jobs_unique_key on admin_jobs (unique_key) where status in ('queued', 'running');
create index admin_jobs_due_idx on admin_jobs (run_at, id) where status = 'queued';
create index admin_jobs_lease_idx on admin_jobs (lease_expires_at) where status = 'running';
create index admin_jobs_status_idx on admin_jobs (status, id desc);
create index admin_jobs_kind_idx on admin_jobs (kind, id desc);
create index admin_jobs_finished_idx on admin_jobs (finished_at) where status in ('succeeded', 'dead');
create trigger admin_jobs_updated_at before update on admin_jobs
    for each row execute function admin_set_updated_at();

-- Until when a periodic job has been queued: what makes it once over any number of workers.
create table admin_job_schedules (
    kind text primary key,
    period_start timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_job_schedules_updated_at before update on admin_job_schedules
    for each row execute function admin_set_updated_at();

-- Wakes the workers when a job becomes due. A lost notification costs time, never a job: workers also look.
create function admin_notify_job() returns trigger language plpgsql as $$
begin
    perform pg_notify('admin_jobs', '');
    return null;
end $$;
create trigger admin_jobs_notify_insert after insert on admin_jobs
    for each row when (new.status = 'queued' and new.run_at <= now()) execute function admin_notify_job();
create trigger admin_jobs_notify_update after update of status, run_at on admin_jobs
    for each row when (new.status = 'queued' and new.run_at <= now()) execute function admin_notify_job();

create type admin_backup_kind as enum ('nightly', 'manual');
create type admin_backup_status as enum ('running', 'succeeded', 'failed');

-- One logical backup of one database. customer_id has no foreign key: a backup outlives its customer.
create table admin_backups (
    id uuid primary key default admin_uuidv7(),
    -- Null for the admin database itself.
    customer_id uuid,
    database_name text not null,
    kind admin_backup_kind not null,
    -- The night it belongs to; a manual backup has none.
    backup_day date,
    status admin_backup_status not null default 'running',
    path text not null,
    size_bytes bigint check (size_bytes >= 0),
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
    postgres_version text,
    error text,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((kind = 'nightly') = (backup_day is not null)),
    check ((status = 'running') = (finished_at is null)),
    check (status <> 'succeeded' or (size_bytes is not null and sha256 is not null and postgres_version is not null))
);
-- A night's backup of a database is there once, or under way once; failed ones may be many.
create unique index admin_backups_one_a_night on admin_backups (database_name, backup_day)
    where kind = 'nightly' and status in ('running', 'succeeded');
create index admin_backups_customer_idx on admin_backups (customer_id, id desc);
create index admin_backups_status_idx on admin_backups (status, started_at);
create index admin_backups_started_idx on admin_backups (started_at);
create trigger admin_backups_updated_at before update on admin_backups
    for each row execute function admin_set_updated_at();
