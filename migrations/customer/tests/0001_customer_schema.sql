-- Asserts what 0001_customer_schema.sql promises. Run as the owner role in a database that has all migrations up to this
-- one, inside a transaction that is rolled back. An assertion that fails raises, and names itself.

-- The tables and views of the contract.
do $$
declare
    missing text;
begin
    select string_agg(wanted, ', ') into missing
    from unnest(array[
        'organizations', 'users', 'contacts', 'deals', 'activities', 'tasks', 'calendar_events', 'smart_task_templates',
        'workflows', 'workflow_executions', 'audit_logs', 'deal_summary', 'pipeline_summary', 'task_summary'
    ]) as wanted
    where to_regclass('public.' || wanted) is null;
    assert missing is null, 'missing: ' || missing;
end
$$;

-- Their columns, each as table.column.
do $$
declare
    missing text;
begin
    select string_agg(wanted_table || '.' || wanted_column, ', ') into missing
    from (values
        ('organizations', 'name description logo_url website industry timezone currency metadata'),
        ('users', 'org_id email name avatar_url role is_active clerk_user_id metadata'),
        ('contacts', 'org_id user_id first_name last_name email phone company job_title notes linkedin_url twitter_handle is_active metadata'),
        ('deals', 'org_id user_id contact_id name description company_name one_off_revenue mrr ltv stage expected_close_date closed_at is_split_deal split_data metadata'),
        ('activities', 'org_id user_id deal_id contact_id type subject description duration_minutes notes activity_date metadata'),
        ('tasks', 'org_id user_id deal_id contact_id title description status priority due_date completed_at remind_at metadata'),
        ('calendar_events', 'org_id user_id deal_id contact_id title description location external_id external_source start_time end_time is_all_day recurrence_rule attendees metadata'),
        ('smart_task_templates', 'org_id name trigger_activity_type trigger_match_notes task_title task_description task_priority delay_days is_active'),
        ('workflows', 'org_id user_id name description trigger actions status execution_count last_executed_at'),
        ('workflow_executions', 'org_id workflow_id user_id deal_id contact_id status error_message results'),
        ('audit_logs', 'org_id user_id action resource_type resource_id old_values new_values ip_address user_agent')
    ) as contract (wanted_table, wanted_columns),
    unnest(string_to_array('id created_at ' || wanted_columns, ' ')) as wanted_column
    where not exists (
        select from information_schema.columns
        where table_schema = 'public' and table_name = wanted_table and column_name = wanted_column
    );
    assert missing is null, 'missing: ' || missing;
end
$$;

-- Row-level security is enabled and forced on every table with org_id, with one policy each.
do $$
declare
    open_tables text;
    walled bigint;
begin
    select count(*), string_agg(class.relname, ', ') filter (
        where not class.relrowsecurity or not class.relforcerowsecurity
            or (select count(*) from pg_policy where polrelid = class.oid) <> 1
    )
    into walled, open_tables
    from pg_class as class
    join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attname = 'org_id'
    where class.relnamespace = 'public'::regnamespace and class.relkind = 'r';
    assert open_tables is null, 'not walled: ' || open_tables;
    assert walled >= 10, 'only ' || walled || ' tables have org_id';
end
$$;

-- Every foreign key is the beginning of an index, and every link inside an organization carries org_id.
do $$
declare
    wrong text;
begin
    select string_agg(conname, ', ') into wrong
    from pg_constraint
    where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
        select from pg_index
        where indrelid = conrelid and indpred is null and (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
    );
    assert wrong is null, 'foreign keys without an index: ' || wrong;

    select string_agg(conname, ', ') into wrong
    from pg_constraint
    where contype = 'f' and connamespace = 'public'::regnamespace
        and confrelid <> 'organizations'::regclass
        and not exists (
            select from pg_attribute where attrelid = conrelid and attnum = any (conkey) and attname = 'org_id'
        );
    assert wrong is null, 'foreign keys that can leave the organization: ' || wrong;
end
$$;

-- Views have the rights of whoever asks.
do $$
declare
    wrong text;
begin
    select string_agg(relname, ', ') into wrong
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'v'
        and not coalesce(reloptions @> array['security_invoker=true'], false);
    assert wrong is null, 'views with their owner''s rights: ' || wrong;
end
$$;

-- Every table that can change keeps updated_at.
do $$
declare
    wrong text;
begin
    select string_agg(table_name, ', ') into wrong
    from information_schema.columns
    where table_schema = 'public' and column_name = 'updated_at'
        and table_name not like '%\_summary'
        and not exists (
            select from pg_trigger
            where tgrelid = ('public.' || table_name)::regclass and tgfoid = 'sixty_touch'::regproc
        );
    assert wrong is null, 'tables without the trigger: ' || wrong;
end
$$;

-- Ids are version 7, ordered by time, and different.
do $$
declare
    ids uuid[] := array(select sixty_uuid() from generate_series(1, 1000));
    stamp timestamptz;
begin
    assert (select count(distinct id) from unnest(ids) as id) = 1000, 'ids repeat';
    assert (select bool_and(id::text ~ '^.{14}7.{4}[89ab]') from unnest(ids) as id), 'not version 7';
    assert substring(sixty_uuid()::text for 18) >= substring(ids[1]::text for 18), 'ids are not ordered by time';
    stamp := to_timestamp(('x' || replace(substring(ids[1]::text for 13), '-', ''))::bit(48)::bigint / 1000.0);
    assert abs(extract(epoch from clock_timestamp() - stamp)) < 60, 'the id''s time is wrong: ' || stamp;
end
$$;

-- The first organization is made once.
do $$
declare
    made uuid := sixty_ensure_first_organization('Acme', 'Europe/Vienna');
begin
    assert sixty_ensure_first_organization('Other', 'UTC') = made, 'a second first organization';
    assert (select count(*) from organizations) = 1, 'organizations: ' || (select count(*) from organizations);
    assert (select (name, timezone, currency) = ('Acme', 'Europe/Vienna', 'USD') from organizations), 'wrong values';
end
$$;

-- Two organizations with the same kinds of rows.
insert into organizations (id, name) values
    ('00000000-0000-7000-8000-00000000000a', 'A'), ('00000000-0000-7000-8000-00000000000b', 'B');

select set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
insert into users (id, email, name) values ('00000000-0000-7000-8000-0000000000a1', 'ann@a.example', 'Ann');
insert into contacts (id, user_id, first_name, last_name) values
    ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-0000000000a1', 'Carl', 'Customer');
insert into deals (id, user_id, contact_id, name, one_off_revenue, mrr) values
    ('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-0000000000a1',
        '00000000-0000-7000-8000-0000000000a2', 'Big', 100.50, 9.99);

select set_config('app.org_id', '00000000-0000-7000-8000-00000000000b', true);
insert into contacts (id, first_name) values ('00000000-0000-7000-8000-0000000000b2', 'Berta');
insert into deals (name, stage, mrr) values ('Small', 'signed', 1);

-- An organization sees its own rows, and can neither write nor name another's.
do $$
begin
    assert (select array_agg(first_name) from contacts) = array['Berta'], 'another organization''s contacts are seen';
    assert (select array_agg(name) from deal_summary) = array['Small'], 'another organization''s deals are seen';

    begin
        insert into contacts (org_id, first_name) values ('00000000-0000-7000-8000-00000000000a', 'Mallory');
        assert false, 'a row was written into another organization';
    exception when insufficient_privilege then null;
    end;
    begin
        update deals set org_id = '00000000-0000-7000-8000-00000000000a';
        assert false, 'a row was moved into another organization';
    exception when insufficient_privilege then null;
    end;
    begin
        insert into deals (name, contact_id) values ('Theft', '00000000-0000-7000-8000-0000000000a2');
        assert false, 'a row refers to another organization''s row';
    exception when foreign_key_violation then null;
    end;
    begin
        update deals set user_id = '00000000-0000-7000-8000-0000000000a1';
        assert false, 'a row was made to refer to another organization''s row';
    exception when foreign_key_violation then null;
    end;

    update contacts set notes = 'seen' where id = '00000000-0000-7000-8000-0000000000a2';
    assert not found, 'another organization''s row was changed';
    delete from contacts where id = '00000000-0000-7000-8000-0000000000a2';
    assert not found, 'another organization''s row was deleted';
end
$$;

-- Without the setting, or with a malformed one: no rows, no error.
do $$
declare
    setting text;
begin
    foreach setting in array array[
        '', 'x', '{00000000-0000-7000-8000-00000000000a}', '00000000-0000-7000-8000-00000000000a''--',
        E'00000000-0000-7000-8000-00000000000a\n', ' 00000000-0000-7000-8000-00000000000a', repeat('0', 100000)
    ]
    loop
        perform set_config('app.org_id', setting, true);
        assert (select count(*) from deals) = 0, 'rows with the setting ' || left(setting, 50);
        assert (select count(*) from pipeline_summary) = 0, 'a summary with the setting ' || left(setting, 50);
    end loop;
end
$$;

-- Sums, generated values, and what closes a deal.
select set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
do $$
declare
    big constant uuid := '00000000-0000-7000-8000-0000000000a3';
begin
    assert (select ltv from deals where id = big) = 130.47, 'ltv is wrong';
    assert (select (contact_name, owner_name) = ('Carl Customer', 'Ann') from deal_summary where id = big),
        'deal_summary is wrong';

    update deals set stage = 'signed' where id = big;
    assert (select closed_at from deals where id = big) = now(), 'a signed deal is not closed';
    update deals set stage = 'verbal' where id = big;
    assert (select closed_at from deals where id = big) is null, 'a deal that was opened again is closed';
    update deals set stage = 'signed', closed_at = '2020-02-02' where id = big;
    assert (select closed_at from deals where id = big) = '2020-02-02', 'the client''s time was lost';

    insert into deals (name, stage, one_off_revenue) values ('Second', 'signed', 69.53);
    assert (
        select (deal_count, total_ltv, average_ltv, closed_count) = (2, 200.00, 100.00, 2)
        from pipeline_summary where stage = 'signed'
    ), 'pipeline_summary is wrong';
end
$$;

do $$
declare
    task uuid;
begin
    insert into tasks (title, due_date) values ('Late', now() - interval '1 day') returning id into task;
    insert into tasks (title, due_date) values ('Early', now() + interval '1 day');
    assert (select (task_count, overdue_count) = (2, 1) from task_summary where status = 'open' and priority = 'medium'),
        'task_summary is wrong';
    update tasks set status = 'completed' where id = task;
    assert (select completed_at from tasks where id = task) = now(), 'a completed task has no time';
    update tasks set status = 'in_progress' where id = task;
    assert (select completed_at from tasks where id = task) is null, 'a task that was taken up again is completed';
end
$$;

-- What can't be.
do $$
declare
    statement text;
begin
    foreach statement in array array[
        $sql$insert into deals (name, mrr) values ('x', -0.01)$sql$,
        $sql$insert into deals (name, mrr) values ('x', 'NaN')$sql$,
        $sql$insert into deals (name, one_off_revenue) values ('x', -1)$sql$,
        $sql$insert into deals (name, stage) values ('x', 'won')$sql$,
        $sql$insert into deals (name) values ('  ')$sql$,
        $sql$insert into deals (name, closed_at) values ('x', now())$sql$,
        $sql$insert into contacts (notes) values ('nobody')$sql$,
        $sql$insert into contacts (first_name, company) values ('', ' ')$sql$,
        $sql$insert into contacts (email) values ('no address')$sql$,
        $sql$insert into users (email, role) values ('a@b.example', 'root')$sql$,
        $sql$insert into activities (type) values ('dance')$sql$,
        $sql$insert into activities (type, duration_minutes) values ('call', -1)$sql$,
        $sql$insert into tasks (title, status) values ('x', 'done')$sql$,
        $sql$insert into tasks (title, priority) values ('x', 'extreme')$sql$,
        $sql$insert into calendar_events (title, start_time, end_time) values ('x', now(), now() - interval '1 s')$sql$,
        $sql$insert into smart_task_templates (name, trigger_activity_type, task_title, delay_days) values ('x', 'call', 'y', -1)$sql$,
        $sql$insert into workflows (name, actions) values ('x', '{}')$sql$,
        $sql$insert into organizations (name, currency) values ('x', 'usd')$sql$,
        $sql$insert into organizations (name, metadata) values ('x', '[]')$sql$
    ]
    loop
        begin
            execute statement;
            assert false, 'was accepted: ' || statement;
        exception when check_violation then null;
        end;
    end loop;
end
$$;

-- One calendar event per user and external id; one user per address, whatever its case.
do $$
declare
    ann constant uuid := '00000000-0000-7000-8000-0000000000a1';
begin
    insert into calendar_events (user_id, title, external_id, start_time, end_time) values (ann, 'x', 'e1', now(), now());
    insert into calendar_events (user_id, title, external_id, start_time, end_time) values (ann, 'y', 'e1', now(), now())
        on conflict (org_id, user_id, external_id) do update set title = excluded.title;
    assert (select array_agg(title) from calendar_events) = array['y'], 'the event was not updated';
    begin
        insert into users (email) values ('ANN@a.example');
        assert false, 'an address was taken twice';
    exception when unique_violation then null;
    end;
end
$$;

-- What refers to a deleted row stays, without the link and in its organization; an organization with rows stays.
do $$
begin
    delete from contacts where id = '00000000-0000-7000-8000-0000000000a2';
    assert (select (contact_id is null, org_id is not null) = (true, true)
        from deals where id = '00000000-0000-7000-8000-0000000000a3'), 'the deal did not survive its contact';
    begin
        delete from organizations where id = '00000000-0000-7000-8000-00000000000a';
        assert false, 'an organization was deleted with its rows';
    exception when foreign_key_violation then null;
    end;
end
$$;
