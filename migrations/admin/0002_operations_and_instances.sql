-- Long work on customers, the instances that hold their databases, and the secrets that open them.

create type admin_operation_status as enum ('queued', 'running', 'succeeded', 'failed', 'dead', 'canceled');
create type admin_operation_intent as enum ('present', 'absent');
create type admin_step_status as enum ('pending', 'running', 'succeeded', 'failed');
create type admin_instance_target as enum ('running', 'stopped', 'absent');

-- A PostgreSQL instance that the platform looks after. The row is written before anything is made on disk and
-- removed after everything on disk is gone, so that no crash can leave an instance that nobody knows of.
create table admin_instances (
    id uuid primary key default admin_uuidv7(),
    -- restrict, not cascade: a customer's row can't go while their instance is there.
    customer_id uuid not null unique references admin_customers (id) on delete restrict,
    backend text not null,
    host text not null,
    port integer not null check (port between 1 and 65535),
    database_name text not null,
    target admin_instance_target not null default 'running',
    system_identifier numeric(20) unique,
    postgres_version text,
    ca_certificate text,
    schema_version integer check (schema_version >= 0),
    ready_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (host, port)
);
create index admin_instances_target_idx on admin_instances (target, id);
create trigger admin_instances_updated_at before update on admin_instances
    for each row execute function admin_set_updated_at();

-- One data key per customer, wrapped by the master key. Destroying it makes everything sealed with it unreadable.
create table admin_data_keys (
    customer_id uuid primary key references admin_customers (id) on delete cascade,
    wrapped_key text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_data_keys_updated_at before update on admin_data_keys
    for each row execute function admin_set_updated_at();

create table admin_database_credentials (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid not null references admin_customers (id) on delete cascade,
    role text not null check (role in ('owner', 'app', 'readonly')),
    username text not null,
    password_encrypted text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (customer_id, role)
);
create trigger admin_database_credentials_updated_at before update on admin_database_credentials
    for each row execute function admin_set_updated_at();

-- customer_id has no foreign key: an operation is the record of what happened, also to a customer who is gone.
create table admin_operations (
    id uuid primary key default admin_uuidv7(),
    kind text not null check (kind in ('customer_create', 'customer_delete', 'customer_restore')),
    customer_id uuid not null,
    customer_slug text not null,
    status admin_operation_status not null default 'queued',
    intent admin_operation_intent not null,
    parameters jsonb not null default '{}',
    attempts integer not null default 0 check (attempts >= 0),
    max_attempts integer not null default 5 check (max_attempts > 0),
    run_after timestamptz not null default now(),
    cancel_requested_at timestamptz,
    lease_owner text,
    lease_expires_at timestamptz,
    error text,
    requested_by text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    check ((status = 'running') = (lease_owner is not null and lease_expires_at is not null)),
    check ((status in ('succeeded', 'failed', 'dead', 'canceled')) = (finished_at is not null))
);
-- A customer has at most one operation that may still change something; a dead one blocks until it is retried.
create unique index admin_operations_one_at_a_time on admin_operations (customer_id)
    where status in ('queued', 'running', 'dead');
create index admin_operations_due_idx on admin_operations (run_after) where status = 'queued';
create index admin_operations_lease_idx on admin_operations (lease_expires_at) where status = 'running';
create index admin_operations_customer_idx on admin_operations (customer_id, created_at desc);
create index admin_operations_status_idx on admin_operations (status, id desc);
create trigger admin_operations_updated_at before update on admin_operations
    for each row execute function admin_set_updated_at();

create table admin_operation_steps (
    operation_id uuid not null references admin_operations (id) on delete cascade,
    position integer not null check (position >= 0),
    name text not null,
    status admin_step_status not null default 'pending',
    attempts integer not null default 0 check (attempts >= 0),
    detail text,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (operation_id, name)
);

-- Wakes workers (an operation is due) and watchers (something about it changed). Losing a notification costs
-- time, never truth: both sides also look by themselves.
create function admin_notify_operation() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'admin_operations' then
        perform pg_notify('admin_operations', new.id || ' ' || new.status);
    else
        perform pg_notify('admin_operations', new.operation_id || ' step');
    end if;
    return null;
end $$;
create trigger admin_operations_notify after insert or update of status, intent on admin_operations
    for each row execute function admin_notify_operation();
create trigger admin_operation_steps_notify after insert or update on admin_operation_steps
    for each row execute function admin_notify_operation();
