-- A customer's database: the CRM's tables, and the walls between the customer's organizations.
--
-- Run by the owner role. No role and no database is named here: the roles of each customer have their own names, and
-- their rights are given by grants.sql after every run of the migrations.
--
-- Conventions that the API relies on:
--   * A constraint is called <table>_<column>_check, _fkey or _key, where <column> is the field to blame.
--   * A link inside an organization is a foreign key over (org_id, <link>): a row can't refer to another
--     organization's row, whatever the client sends. Foreign keys don't look at row-level security, so the
--     organization has to be part of the key.
--   * org_id defaults to the organization of the transaction.

-- A time-ordered UUID (version 7): milliseconds, then the fraction of the millisecond, then 62 random bits.
-- PostgreSQL has one of its own only from version 18 on.
create function sixty_uuid() returns uuid
language plpgsql volatile parallel safe
as $$
declare
    micros bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
    head bigint := ((micros / 1000) << 16) | 28672 | ((micros % 1000) * 4096 / 1000);
begin
    return encode(overlay(uuid_send(gen_random_uuid()) placing int8send(head) from 1 for 8), 'hex')::uuid;
end
$$;
comment on function sixty_uuid() is 'A new time-ordered UUID, version 7.';

-- The organization that this transaction works for: the setting app.org_id. Without the setting, or with a text that
-- is no UUID, it is null, and null equals nothing: no rows, and no error that would tell anything.
create function sixty_current_organization() returns uuid
language sql stable parallel safe
as $$
    select case
        when current_setting('app.org_id', true) ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
            then current_setting('app.org_id', true)::uuid
    end
$$;
comment on function sixty_current_organization() is
    'The organization of this transaction (setting app.org_id); null when it is missing or malformed.';

create function sixty_touch() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end
$$;
comment on function sixty_touch() is 'Keeps updated_at.';

-- organizations ------------------------------------------------------------------------------------------------------

create table organizations (
    id uuid primary key default sixty_uuid(),
    name text not null,
    description text,
    logo_url text,
    website text,
    industry text,
    timezone text not null default 'UTC',
    currency text not null default 'USD',
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint organizations_name_check check (btrim(name) <> ''),
    constraint organizations_timezone_check check (btrim(timezone) <> ''),
    constraint organizations_currency_check check (currency ~ '^[A-Z]{3}$'),
    constraint organizations_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table organizations is 'The customer''s business units. The oldest one is the default.';
create index organizations_created_at_idx on organizations (created_at, id);

-- users --------------------------------------------------------------------------------------------------------------

create table users (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    email text not null,
    name text,
    avatar_url text,
    role text not null default 'user',
    is_active boolean not null default true,
    clerk_user_id text,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_org_id_fkey foreign key (org_id) references organizations (id),
    constraint users_org_id_id_key unique (org_id, id),
    constraint users_clerk_user_id_key unique (org_id, clerk_user_id),
    constraint users_email_check check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    constraint users_role_check check (role in ('admin', 'user', 'viewer')),
    constraint users_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table users is 'The people of an organization who work with the CRM.';
create unique index users_email_key on users (org_id, lower(email));
create index users_created_at_idx on users (org_id, created_at, id);

-- contacts -----------------------------------------------------------------------------------------------------------

create table contacts (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    first_name text,
    last_name text,
    email text,
    phone text,
    company text,
    job_title text,
    notes text,
    linkedin_url text,
    twitter_handle text,
    is_active boolean not null default true,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint contacts_org_id_fkey foreign key (org_id) references organizations (id),
    constraint contacts_org_id_id_key unique (org_id, id),
    constraint contacts_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint contacts_first_name_check check (
        btrim(coalesce(first_name, '') || coalesce(last_name, '') || coalesce(email, '') || coalesce(phone, '')
            || coalesce(company, '')) <> ''
    ),
    constraint contacts_email_check check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    constraint contacts_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table contacts is 'People outside the organization. user_id is the owner.';
create index contacts_user_id_idx on contacts (org_id, user_id);
create index contacts_email_idx on contacts (org_id, lower(email));
create index contacts_company_idx on contacts (org_id, company);
create index contacts_created_at_idx on contacts (org_id, created_at, id);

-- deals --------------------------------------------------------------------------------------------------------------

-- The first four stages belong to every customer; the others, and split deals, to the module Advanced Pipeline, which
-- the API asks for. The database knows no modules.
create table deals (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    contact_id uuid,
    name text not null,
    description text,
    company_name text,
    one_off_revenue numeric(15, 2) not null default 0,
    mrr numeric(15, 2) not null default 0,
    ltv numeric(18, 2) not null generated always as (mrr * 3 + one_off_revenue) stored,
    stage text not null default 'sql',
    expected_close_date date,
    closed_at timestamptz,
    is_split_deal boolean not null default false,
    split_data jsonb,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint deals_org_id_fkey foreign key (org_id) references organizations (id),
    constraint deals_org_id_id_key unique (org_id, id),
    constraint deals_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint deals_contact_id_fkey foreign key (org_id, contact_id) references contacts (org_id, id)
        on delete set null (contact_id),
    constraint deals_name_check check (btrim(name) <> ''),
    constraint deals_one_off_revenue_check check (one_off_revenue >= 0 and one_off_revenue <> 'NaN'),
    constraint deals_mrr_check check (mrr >= 0 and mrr <> 'NaN'),
    constraint deals_stage_check check (
        stage in ('sql', 'opportunity', 'verbal', 'signed', 'proposal', 'negotiation', 'closed_won', 'closed_lost')
    ),
    constraint deals_closed_at_check check (closed_at is null or stage in ('signed', 'closed_won', 'closed_lost')),
    constraint deals_split_data_check check (split_data is null or jsonb_typeof(split_data) in ('object', 'array')),
    constraint deals_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table deals is 'Sales in progress and done. ltv is three months of mrr and the one-off revenue.';
create index deals_user_id_idx on deals (org_id, user_id);
create index deals_contact_id_idx on deals (org_id, contact_id);
create index deals_stage_idx on deals (org_id, stage, created_at);
create index deals_expected_close_date_idx on deals (org_id, expected_close_date);
create index deals_created_at_idx on deals (org_id, created_at, id);

-- A deal that reaches a closed stage was closed now, unless the client says when; one that is opened again is not closed.
create function sixty_close_deal() returns trigger
language plpgsql
as $$
begin
    if new.stage in ('signed', 'closed_won', 'closed_lost') then
        new.closed_at := coalesce(new.closed_at, now());
    elsif tg_op = 'UPDATE' and new.closed_at is not distinct from old.closed_at then
        new.closed_at := null;
    end if;
    return new;
end
$$;
comment on function sixty_close_deal() is 'Keeps closed_at in step with the stage.';

-- activities ---------------------------------------------------------------------------------------------------------

create table activities (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    deal_id uuid,
    contact_id uuid,
    type text not null,
    subject text,
    description text,
    duration_minutes integer,
    notes text,
    activity_date timestamptz not null default now(),
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint activities_org_id_fkey foreign key (org_id) references organizations (id),
    constraint activities_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint activities_deal_id_fkey foreign key (org_id, deal_id) references deals (org_id, id)
        on delete set null (deal_id),
    constraint activities_contact_id_fkey foreign key (org_id, contact_id) references contacts (org_id, id)
        on delete set null (contact_id),
    constraint activities_type_check check (type in ('call', 'email', 'meeting', 'proposal', 'task', 'note')),
    constraint activities_duration_minutes_check check (duration_minutes >= 0),
    constraint activities_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table activities is 'What was done for a deal or with a contact.';
create index activities_user_id_idx on activities (org_id, user_id);
create index activities_deal_id_idx on activities (org_id, deal_id);
create index activities_contact_id_idx on activities (org_id, contact_id);
create index activities_type_idx on activities (org_id, type, activity_date);
create index activities_activity_date_idx on activities (org_id, activity_date);
create index activities_created_at_idx on activities (org_id, created_at, id);

-- tasks --------------------------------------------------------------------------------------------------------------

create table tasks (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    deal_id uuid,
    contact_id uuid,
    title text not null,
    description text,
    status text not null default 'open',
    priority text not null default 'medium',
    due_date timestamptz,
    completed_at timestamptz,
    remind_at timestamptz,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint tasks_org_id_fkey foreign key (org_id) references organizations (id),
    constraint tasks_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint tasks_deal_id_fkey foreign key (org_id, deal_id) references deals (org_id, id)
        on delete set null (deal_id),
    constraint tasks_contact_id_fkey foreign key (org_id, contact_id) references contacts (org_id, id)
        on delete set null (contact_id),
    constraint tasks_title_check check (btrim(title) <> ''),
    constraint tasks_status_check check (status in ('open', 'in_progress', 'completed', 'canceled')),
    constraint tasks_priority_check check (priority in ('low', 'medium', 'high', 'urgent')),
    constraint tasks_completed_at_check check (completed_at is null or status = 'completed'),
    constraint tasks_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table tasks is 'What somebody has to do, for a deal or a contact or neither.';
create index tasks_user_id_idx on tasks (org_id, user_id);
create index tasks_deal_id_idx on tasks (org_id, deal_id);
create index tasks_contact_id_idx on tasks (org_id, contact_id);
create index tasks_status_idx on tasks (org_id, status, due_date);
create index tasks_due_date_idx on tasks (org_id, due_date);
create index tasks_remind_at_idx on tasks (org_id, remind_at) where remind_at is not null;
create index tasks_created_at_idx on tasks (org_id, created_at, id);

-- A task that becomes completed was completed now, unless the client says when; one that is taken up again is not.
create function sixty_complete_task() returns trigger
language plpgsql
as $$
begin
    if new.status = 'completed' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif tg_op = 'UPDATE' and new.completed_at is not distinct from old.completed_at then
        new.completed_at := null;
    end if;
    return new;
end
$$;
comment on function sixty_complete_task() is 'Keeps completed_at in step with the status.';

-- calendar_events ----------------------------------------------------------------------------------------------------

create table calendar_events (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    deal_id uuid,
    contact_id uuid,
    title text not null,
    description text,
    location text,
    external_id text,
    external_source text,
    start_time timestamptz not null,
    end_time timestamptz not null,
    is_all_day boolean not null default false,
    recurrence_rule text,
    attendees jsonb not null default '[]',
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint calendar_events_org_id_fkey foreign key (org_id) references organizations (id),
    constraint calendar_events_external_id_key unique (org_id, user_id, external_id),
    constraint calendar_events_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint calendar_events_deal_id_fkey foreign key (org_id, deal_id) references deals (org_id, id)
        on delete set null (deal_id),
    constraint calendar_events_contact_id_fkey foreign key (org_id, contact_id) references contacts (org_id, id)
        on delete set null (contact_id),
    constraint calendar_events_title_check check (btrim(title) <> ''),
    constraint calendar_events_end_time_check check (end_time >= start_time),
    constraint calendar_events_attendees_check check (jsonb_typeof(attendees) = 'array'),
    constraint calendar_events_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table calendar_events is 'Meetings and other appointments, our own and those of a connected calendar.';
create index calendar_events_deal_id_idx on calendar_events (org_id, deal_id);
create index calendar_events_contact_id_idx on calendar_events (org_id, contact_id);
create index calendar_events_user_id_idx on calendar_events (org_id, user_id, start_time);
create index calendar_events_start_time_idx on calendar_events (org_id, start_time);
create index calendar_events_created_at_idx on calendar_events (org_id, created_at, id);

-- smart_task_templates -----------------------------------------------------------------------------------------------

create table smart_task_templates (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    name text not null,
    trigger_activity_type text not null,
    trigger_match_notes text,
    task_title text not null,
    task_description text,
    task_priority text not null default 'medium',
    delay_days integer not null default 3,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint smart_task_templates_org_id_fkey foreign key (org_id) references organizations (id),
    constraint smart_task_templates_name_check check (btrim(name) <> ''),
    constraint smart_task_templates_trigger_activity_type_check check (
        trigger_activity_type in ('call', 'email', 'meeting', 'proposal', 'task', 'note')
    ),
    constraint smart_task_templates_task_title_check check (btrim(task_title) <> ''),
    constraint smart_task_templates_task_priority_check check (task_priority in ('low', 'medium', 'high', 'urgent')),
    constraint smart_task_templates_delay_days_check check (delay_days between 0 and 3650)
);
comment on table smart_task_templates is
    'An activity of that type (whose notes contain that text, if one is set) creates this follow-up task.';
create index smart_task_templates_trigger_idx on smart_task_templates (org_id, trigger_activity_type) where is_active;
create index smart_task_templates_created_at_idx on smart_task_templates (org_id, created_at, id);

-- workflows ----------------------------------------------------------------------------------------------------------

create table workflows (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    name text not null,
    description text,
    trigger jsonb not null default '{}',
    actions jsonb not null default '[]',
    status text not null default 'draft',
    execution_count bigint not null default 0,
    last_executed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint workflows_org_id_fkey foreign key (org_id) references organizations (id),
    constraint workflows_org_id_id_key unique (org_id, id),
    constraint workflows_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint workflows_name_check check (btrim(name) <> ''),
    constraint workflows_trigger_check check (jsonb_typeof(trigger) = 'object'),
    constraint workflows_actions_check check (jsonb_typeof(actions) = 'array'),
    constraint workflows_status_check check (status in ('draft', 'active', 'paused', 'archived')),
    constraint workflows_execution_count_check check (execution_count >= 0)
);
comment on table workflows is 'What is to happen by itself, and when.';
create index workflows_user_id_idx on workflows (org_id, user_id);
create index workflows_status_idx on workflows (org_id, status);
create index workflows_created_at_idx on workflows (org_id, created_at, id);

create table workflow_executions (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    workflow_id uuid not null,
    user_id uuid,
    deal_id uuid,
    contact_id uuid,
    status text not null default 'pending',
    error_message text,
    results jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint workflow_executions_org_id_fkey foreign key (org_id) references organizations (id),
    constraint workflow_executions_workflow_id_fkey foreign key (org_id, workflow_id)
        references workflows (org_id, id) on delete cascade,
    constraint workflow_executions_user_id_fkey foreign key (org_id, user_id) references users (org_id, id)
        on delete set null (user_id),
    constraint workflow_executions_deal_id_fkey foreign key (org_id, deal_id) references deals (org_id, id)
        on delete set null (deal_id),
    constraint workflow_executions_contact_id_fkey foreign key (org_id, contact_id) references contacts (org_id, id)
        on delete set null (contact_id),
    constraint workflow_executions_status_check check (
        status in ('pending', 'running', 'succeeded', 'failed', 'canceled')
    )
);
comment on table workflow_executions is 'One run of a workflow. It goes when its workflow goes.';
create index workflow_executions_workflow_id_idx on workflow_executions (org_id, workflow_id, created_at);
create index workflow_executions_user_id_idx on workflow_executions (org_id, user_id);
create index workflow_executions_deal_id_idx on workflow_executions (org_id, deal_id);
create index workflow_executions_contact_id_idx on workflow_executions (org_id, contact_id);
create index workflow_executions_status_idx on workflow_executions (org_id, status);

-- audit_logs ---------------------------------------------------------------------------------------------------------

-- No foreign keys: the log outlives what it speaks of. api_key_id is the key's id in the control plane, for changes that
-- a program made.
create table audit_logs (
    id uuid primary key default sixty_uuid(),
    org_id uuid not null default sixty_current_organization(),
    user_id uuid,
    api_key_id uuid,
    action text not null,
    resource_type text not null,
    resource_id uuid,
    old_values jsonb,
    new_values jsonb,
    ip_address inet,
    user_agent text,
    created_at timestamptz not null default now(),
    constraint audit_logs_action_check check (btrim(action) <> ''),
    constraint audit_logs_resource_type_check check (btrim(resource_type) <> '')
);
comment on table audit_logs is 'Every change of the customer''s data, written in the transaction that made it. Insert and read only.';
create index audit_logs_created_at_idx on audit_logs (org_id, created_at, id);
create index audit_logs_resource_idx on audit_logs (org_id, resource_type, resource_id, created_at);
create index audit_logs_user_id_idx on audit_logs (org_id, user_id);

-- triggers -----------------------------------------------------------------------------------------------------------

create trigger organizations_touch before update on organizations for each row execute function sixty_touch();
create trigger users_touch before update on users for each row execute function sixty_touch();
create trigger contacts_touch before update on contacts for each row execute function sixty_touch();
create trigger deals_touch before update on deals for each row execute function sixty_touch();
create trigger activities_touch before update on activities for each row execute function sixty_touch();
create trigger tasks_touch before update on tasks for each row execute function sixty_touch();
create trigger calendar_events_touch before update on calendar_events for each row execute function sixty_touch();
create trigger smart_task_templates_touch before update on smart_task_templates
    for each row execute function sixty_touch();
create trigger workflows_touch before update on workflows for each row execute function sixty_touch();
create trigger workflow_executions_touch before update on workflow_executions
    for each row execute function sixty_touch();
create trigger deals_close before insert or update on deals for each row execute function sixty_close_deal();
create trigger tasks_complete before insert or update on tasks for each row execute function sixty_complete_task();

-- views --------------------------------------------------------------------------------------------------------------

-- With the rights of whoever asks (security_invoker): with the owner's they would walk around row-level security as
-- soon as the owner isn't bound by it.
create view deal_summary with (security_invoker = true) as
    select
        deals.id,
        deals.org_id,
        deals.name,
        deals.company_name,
        deals.stage,
        deals.one_off_revenue,
        deals.mrr,
        deals.ltv,
        deals.expected_close_date,
        deals.closed_at,
        deals.created_at,
        deals.updated_at,
        deals.contact_id,
        nullif(concat_ws(' ', contacts.first_name, contacts.last_name), '') as contact_name,
        contacts.email as contact_email,
        contacts.company as contact_company,
        deals.user_id as owner_id,
        users.name as owner_name,
        users.email as owner_email
    from deals
    left join contacts on contacts.org_id = deals.org_id and contacts.id = deals.contact_id
    left join users on users.org_id = deals.org_id and users.id = deals.user_id;
comment on view deal_summary is 'A deal with its contact and its owner.';

create view pipeline_summary with (security_invoker = true) as
    select
        org_id,
        stage,
        count(*) as deal_count,
        sum(one_off_revenue) as total_one_off_revenue,
        sum(mrr) as total_mrr,
        sum(ltv) as total_ltv,
        round(avg(ltv), 2) as average_ltv,
        count(closed_at) as closed_count
    from deals
    group by org_id, stage;
comment on view pipeline_summary is 'Deals per stage: how many, worth what in total and on average, and how many are closed.';

create view task_summary with (security_invoker = true) as
    select
        org_id,
        status,
        priority,
        count(*) as task_count,
        count(*) filter (where due_date < now() and status in ('open', 'in_progress')) as overdue_count
    from tasks
    group by org_id, status, priority;
comment on view task_summary is 'Tasks per status and priority: how many, and how many of them are overdue.';

-- row-level security ---------------------------------------------------------------------------------------------------

-- Enabled and forced, so that it binds the owner too. The sub-select makes the organization a value that is computed
-- once per statement and can be looked up in an index, instead of a function called for every row.
alter table users enable row level security;
alter table users force row level security;
create policy users_of_organization on users
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table contacts enable row level security;
alter table contacts force row level security;
create policy contacts_of_organization on contacts
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table deals enable row level security;
alter table deals force row level security;
create policy deals_of_organization on deals
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table activities enable row level security;
alter table activities force row level security;
create policy activities_of_organization on activities
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table tasks enable row level security;
alter table tasks force row level security;
create policy tasks_of_organization on tasks
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table calendar_events enable row level security;
alter table calendar_events force row level security;
create policy calendar_events_of_organization on calendar_events
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table smart_task_templates enable row level security;
alter table smart_task_templates force row level security;
create policy smart_task_templates_of_organization on smart_task_templates
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table workflows enable row level security;
alter table workflows force row level security;
create policy workflows_of_organization on workflows
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table workflow_executions enable row level security;
alter table workflow_executions force row level security;
create policy workflow_executions_of_organization on workflow_executions
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

alter table audit_logs enable row level security;
alter table audit_logs force row level security;
create policy audit_logs_of_organization on audit_logs
    using (org_id = (select sixty_current_organization()))
    with check (org_id = (select sixty_current_organization()));

-- organizations has no org_id and no row-level security: it is the list of the rooms, not a room. The database belongs
-- to one customer and every connection serves that customer only, so each of its rows is the caller's own; the API has
-- to list them, and to look an organization up before a transaction can work for it. A policy would have to say "true".

-- the first organization -----------------------------------------------------------------------------------------------

-- Safe to call again and from several sessions at once: there is one first organization, made by whoever comes first.
create function sixty_ensure_first_organization(organization_name text, organization_timezone text) returns uuid
language plpgsql
as $$
declare
    first_id uuid;
begin
    select id into first_id from organizations order by created_at, id limit 1;
    if first_id is null then
        lock table organizations in share row exclusive mode;
        select id into first_id from organizations order by created_at, id limit 1;
    end if;
    if first_id is null then
        insert into organizations (name, timezone) values (organization_name, organization_timezone)
        returning id into first_id;
    end if;
    return first_id;
end
$$;
comment on function sixty_ensure_first_organization(text, text) is
    'Makes the customer''s own organization if there is none, and returns the oldest one''s id.';
