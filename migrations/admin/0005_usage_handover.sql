-- Usage: why a request was answered as it was, the hand-over of the servers' spools, roll-ups by day, and the end of
-- old months.

-- ------------------------------------------------------------------------------------------------ new columns

-- The feature module of the route; null where there is none, and for rows of older clients.
alter table admin_api_usage add column module text;
-- 'ok', or the last segment of the problem's type, such as 'api-key-revoked'; null for rows of older clients.
alter table admin_api_usage add column outcome text;

-- ------------------------------------------------------------------------------------------------------ ledger

-- How far the spool of a server has been handed over. The row moves in the transaction that inserts the records, and
-- only from the position that the mover expects: so nothing is inserted twice, by whomever.
create table admin_usage_spools (
    -- The name of the spool's folder.
    id uuid primary key,
    segment bigint not null default 0 constraint admin_usage_spools_segment_check check (segment >= 0),
    -- The byte after the last record of the segment that was handed over.
    byte_position bigint not null default 0
        constraint admin_usage_spools_byte_position_check check (byte_position >= 0),
    -- How many records were handed over in all.
    records bigint not null default 0 constraint admin_usage_spools_records_check check (records >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_usage_spools_updated_at before update on admin_usage_spools
    for each row execute function admin_set_updated_at();

-- ---------------------------------------------------------------------------------------------------- roll-ups

-- The requests of a UTC day that have everything in common. Kept true by a trigger in the transaction that inserts the
-- requests, whoever inserts them; stays when the requests themselves are retired. Who updates or deletes requests by
-- hand calls admin_rebuild_api_usage_daily afterwards.
-- No timestamps: a row is written with every batch, and each byte counts.
create table admin_api_usage_daily (
    customer_id uuid not null,
    usage_date date not null,
    api_key_id uuid not null,
    -- Texts are cut, so that a request with a text of any length fits into the index; and compared byte by byte, which
    -- is fast.
    endpoint text collate "C" not null,
    method text collate "C" not null,
    status_code integer not null,
    -- Empty when unknown.
    outcome text collate "C" not null default '',
    -- Empty when there is none.
    module text collate "C" not null default '',
    requests bigint not null,
    -- Over the requests whose time is known.
    response_time_ms_sum bigint not null default 0,
    response_time_ms_count bigint not null default 0,
    response_time_ms_max integer,
    request_size_bytes bigint not null default 0,
    response_size_bytes bigint not null default 0,
    primary key (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module)
)
-- Rows of today are updated all the time: room in the page keeps the new versions beside the old ones.
with (fillfactor = 70);
create index admin_api_usage_daily_date_idx on admin_api_usage_daily (usage_date);

-- Months whose requests are gone. Their roll-ups are all that is left, and are never rebuilt.
create table admin_api_usage_retired (
    month date primary key,
    requests bigint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger admin_api_usage_retired_updated_at before update on admin_api_usage_retired
    for each row execute function admin_set_updated_at();

-- The number of the advisory lock on the roll-ups of a day: shared by those who insert requests of it, exclusive for the
-- one who counts them anew.
create function admin_api_usage_day_lock(usage_date date) returns bigint
    language sql immutable parallel safe
as $$
    select hashtextextended('admin_api_usage_daily ' || (usage_date - date '2000-01-01')::text, 0)
$$;

-- Adds what was inserted to the roll-ups. With the rights of the table's owner: who may insert a request needs no
-- rights on the roll-ups.
-- Locks are taken in one order everywhere (days ascending, then rows in the order of the primary key), so that two
-- batches wait for each other instead of for ever.
create function admin_roll_up_api_usage() returns trigger
    language plpgsql
    security definer
    set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock_shared(admin_api_usage_day_lock(days.usage_date))
    from (
        select distinct (created_at at time zone 'UTC')::date as usage_date from new_requests order by 1
    ) days;

    insert into admin_api_usage_daily as daily (
        customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module, requests,
        response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes
    )
    select
        customer_id, (created_at at time zone 'UTC')::date, api_key_id, left(endpoint, 200) collate "C",
        left(method, 20) collate "C", status_code, left(coalesce(outcome, ''), 80) collate "C",
        left(coalesce(module, ''), 80) collate "C", count(*),
        coalesce(sum(response_time_ms), 0), count(response_time_ms), max(response_time_ms),
        coalesce(sum(request_size_bytes), 0), coalesce(sum(response_size_bytes), 0)
    from new_requests
    group by 1, 2, 3, 4, 5, 6, 7, 8
    order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module) do update set
        requests = daily.requests + excluded.requests,
        response_time_ms_sum = daily.response_time_ms_sum + excluded.response_time_ms_sum,
        response_time_ms_count = daily.response_time_ms_count + excluded.response_time_ms_count,
        response_time_ms_max = greatest(daily.response_time_ms_max, excluded.response_time_ms_max),
        request_size_bytes = daily.request_size_bytes + excluded.request_size_bytes,
        response_size_bytes = daily.response_size_bytes + excluded.response_size_bytes;
    return null;
end
$$;

-- Counts the requests of a day (UTC) anew, and puts right what is wrong in the roll-ups. Whoever inserts requests of this
-- day waits meanwhile: their rows are either counted here, or added by the trigger afterwards, never both.
-- A day whose requests are gone is left alone, and `skipped` is true.
create function admin_rebuild_api_usage_daily(
    day date,
    out skipped boolean,
    out groups_changed bigint,
    out requests_before bigint,
    out requests_after bigint
)
    language plpgsql
    set search_path = public, pg_temp
    set lock_timeout = '10s'
as $$
declare
    day_start timestamptz := day::timestamp at time zone 'UTC';
    day_end timestamptz := (day + 1)::timestamp at time zone 'UTC';
    this_month date := date_trunc('month', day)::date;
begin
    -- Otherwise the count below would not see what was committed while this waited for the lock.
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        raise exception 'admin_rebuild_api_usage_daily needs the isolation level READ COMMITTED';
    end if;
    perform pg_advisory_xact_lock(admin_api_usage_day_lock(day));

    select coalesce(sum(requests), 0) into requests_before from admin_api_usage_daily where usage_date = day;
    skipped := exists (select from admin_api_usage_retired retired where retired.month = this_month)
        or (
            not exists (select from admin_api_usage where created_at >= day_start and created_at < day_end)
            -- The month's table was dropped by hand.
            and to_regclass('admin_api_usage_' || to_char(day, '"y"YYYY"m"MM')) is null
        );
    if skipped then
        groups_changed := 0;
        requests_after := requests_before;
        return;
    end if;

    with counted as materialized (
        select
            customer_id, api_key_id, left(endpoint, 200) collate "C" as endpoint,
            left(method, 20) collate "C" as method, status_code,
            left(coalesce(outcome, ''), 80) collate "C" as outcome,
            left(coalesce(module, ''), 80) collate "C" as module,
            count(*) as requests, coalesce(sum(response_time_ms), 0) as response_time_ms_sum,
            count(response_time_ms) as response_time_ms_count, max(response_time_ms) as response_time_ms_max,
            coalesce(sum(request_size_bytes), 0) as request_size_bytes,
            coalesce(sum(response_size_bytes), 0) as response_size_bytes
        from admin_api_usage
        where created_at >= day_start and created_at < day_end
        group by 1, 2, 3, 4, 5, 6, 7
    ), removed as (
        delete from admin_api_usage_daily daily
        where daily.usage_date = day and not exists (
            select from counted
            where (counted.customer_id, counted.api_key_id, counted.endpoint, counted.method, counted.status_code,
                    counted.outcome, counted.module)
                = (daily.customer_id, daily.api_key_id, daily.endpoint, daily.method, daily.status_code,
                    daily.outcome, daily.module)
        )
        returning 1
    ), written as (
        insert into admin_api_usage_daily as daily (
            customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module, requests,
            response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes,
            response_size_bytes
        )
        select
            customer_id, day, api_key_id, endpoint, method, status_code, outcome, module, requests,
            response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes,
            response_size_bytes
        from counted
        on conflict (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module) do update set
            requests = excluded.requests,
            response_time_ms_sum = excluded.response_time_ms_sum,
            response_time_ms_count = excluded.response_time_ms_count,
            response_time_ms_max = excluded.response_time_ms_max,
            request_size_bytes = excluded.request_size_bytes,
            response_size_bytes = excluded.response_size_bytes
        where (daily.requests, daily.response_time_ms_sum, daily.response_time_ms_count, daily.response_time_ms_max,
                daily.request_size_bytes, daily.response_size_bytes)
            is distinct from (excluded.requests, excluded.response_time_ms_sum, excluded.response_time_ms_count,
                excluded.response_time_ms_max, excluded.request_size_bytes, excluded.response_size_bytes)
        returning 1
    )
    select
        (select count(*) from removed) + (select count(*) from written),
        coalesce((select sum(requests) from counted), 0)
    into groups_changed, requests_after;
end
$$;

-- What was used before there were roll-ups. Nobody inserts between the counting and the first trigger.
lock table admin_api_usage in share row exclusive mode;
insert into admin_api_usage_daily (
    customer_id, usage_date, api_key_id, endpoint, method, status_code, requests, response_time_ms_sum,
    response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes
)
select
    customer_id, (created_at at time zone 'UTC')::date, api_key_id, left(endpoint, 200), left(method, 20), status_code,
    count(*), coalesce(sum(response_time_ms), 0), count(response_time_ms), max(response_time_ms),
    coalesce(sum(request_size_bytes), 0), coalesce(sum(response_size_bytes), 0)
from admin_api_usage
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5, 6;

-- A statement's trigger is that of the table it names: this one is for those who name the whole table ...
create trigger admin_api_usage_roll_up after insert on admin_api_usage
    referencing new table as new_requests
    for each statement execute function admin_roll_up_api_usage();
-- ... and these are for those who name a month's.
do $$
declare
    leaf regclass;
begin
    for leaf in select inhrelid::regclass from pg_inherits where inhparent = 'admin_api_usage'::regclass loop
        execute format(
            'create trigger admin_api_usage_roll_up after insert on %s
                 referencing new table as new_requests
                 for each statement execute function admin_roll_up_api_usage()',
            leaf
        );
    end loop;
end
$$;

-- The view is what it was, and reads the roll-ups: a few rows a day instead of every request.
create or replace view admin_api_usage_summary as
select
    customer_id,
    usage_date,
    sum(requests)::bigint as total_requests,
    coalesce(sum(requests) filter (where status_code < 400), 0)::bigint as successful_requests,
    coalesce(sum(requests) filter (where status_code >= 400), 0)::bigint as failed_requests,
    round(sum(response_time_ms_sum) / nullif(sum(response_time_ms_count), 0), 2) as avg_response_time_ms,
    max(response_time_ms_max) as max_response_time_ms
from admin_api_usage_daily
group by customer_id, usage_date;

-- -------------------------------------------------------------------------------------------------- partitions

-- As before; a new month's table gets the trigger of the others.
create or replace function admin_ensure_api_usage_partitions(months_ahead integer default 3) returns integer
    language plpgsql
    set search_path from current
    set lock_timeout = '3s'
as $$
declare
    this_month timestamp := date_trunc('month', now() at time zone 'UTC');
    month_start timestamptz;
    month_end timestamptz;
    partition_name text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('admin_ensure_api_usage_partitions', 0));
    for month_offset in 0 .. greatest(months_ahead, 0) loop
        month_start := (this_month + make_interval(months => month_offset)) at time zone 'UTC';
        month_end := (this_month + make_interval(months => month_offset + 1)) at time zone 'UTC';
        partition_name := 'admin_api_usage_' || to_char(month_start at time zone 'UTC', '"y"YYYY"m"MM');
        continue when to_regclass(quote_ident(partition_name)) is not null;

        -- Nobody may add a row of this month to the default partition between the moving and the attaching. The
        -- lock on the whole table keeps writers out who have already chosen the default partition for their row:
        -- they would find it closed to them, and fail.
        lock table only admin_api_usage in share row exclusive mode;
        lock table admin_api_usage_default in access exclusive mode;
        execute format(
            'create table %I (like admin_api_usage including defaults including constraints)', partition_name
        );
        execute format(
            'with moved as (
                 delete from admin_api_usage_default where created_at >= %L and created_at < %L returning *
             )
             insert into %I select * from moved',
            month_start, month_end, partition_name
        );
        execute format(
            'alter table admin_api_usage attach partition %I for values from (%L) to (%L)',
            partition_name, month_start, month_end
        );
        execute format(
            'create trigger admin_api_usage_roll_up after insert on %I
                 referencing new table as new_requests
                 for each statement execute function admin_roll_up_api_usage()',
            partition_name
        );
        made := made + 1;
    end loop;
    return made;
end
$$;

-- Retires the oldest month that lies more than `keep_months` whole months before this one: its requests go, its roll-ups
-- stay. Answers the month, or null when none is left; call it until then. Requests of such months that lie in the default
-- partition go last, with the month of the oldest as the answer.
-- No month goes whose days aren't rolled up: what is missing there is counted first. Dropping needs the whole table for a
-- moment: behind a long reader this function fails after the lock time-out, and is called again another time.
create function admin_retire_api_usage(keep_months integer) returns date
    language plpgsql
    set search_path = public, pg_temp
    set lock_timeout = '3s'
as $$
declare
    cutoff date := (date_trunc('month', now() at time zone 'UTC') - make_interval(months => keep_months))::date;
    cutoff_moment timestamptz := cutoff::timestamp at time zone 'UTC';
    leaf record;
    oldest_month date;
    oldest timestamptz;
begin
    if keep_months is null or keep_months < 1 then
        raise exception 'keep_months must be at least 1, not %', keep_months using errcode = '22023';
    end if;
    -- The same lock as the making of partitions: the two never meet.
    perform pg_advisory_xact_lock(hashtextextended('admin_ensure_api_usage_partitions', 0));

    select tables.name, tables.month into leaf
    from (
        select relname::text as name, to_date(right(relname::text, 7), 'YYYY"m"MM') as month
        from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'admin_api_usage'::regclass and relname ~ '^admin_api_usage_y[0-9]{4}m[0-9]{2}$'
    ) tables
    where tables.month < cutoff
    order by tables.month limit 1;

    if found then
        perform admin_finish_api_usage_roll_ups(
            leaf.month::timestamp at time zone 'UTC',
            (leaf.month + interval '1 month') at time zone 'UTC'
        );
        insert into admin_api_usage_retired (month, requests)
        select
            leaf.month,
            coalesce((
                select sum(requests) from admin_api_usage_daily
                where usage_date >= leaf.month and usage_date < leaf.month + interval '1 month'
            ), 0)
        on conflict (month) do nothing;
        execute format('drop table %I', leaf.name);
        return leaf.month;
    end if;

    select min(created_at) into oldest from admin_api_usage_default where created_at < cutoff_moment;
    if oldest is null then
        return null;
    end if;
    oldest_month := date_trunc('month', oldest at time zone 'UTC')::date;
    perform admin_finish_api_usage_roll_ups(oldest, cutoff_moment);
    insert into admin_api_usage_retired (month, requests)
    select date_trunc('month', created_at at time zone 'UTC')::date, count(*)
    from admin_api_usage_default where created_at < cutoff_moment group by 1
    on conflict (month) do nothing;
    delete from admin_api_usage_default where created_at < cutoff_moment;
    return oldest_month;
end
$$;

-- Counts the days of a span anew of which fewer requests are rolled up than there are, and fails if that doesn't help.
create function admin_finish_api_usage_roll_ups(span_start timestamptz, span_end timestamptz) returns void
    language plpgsql
    set search_path = public, pg_temp
as $$
declare
    unfinished date;
begin
    for attempt in 1 .. 2 loop
        for unfinished in
            select found.usage_date
            from (
                select (created_at at time zone 'UTC')::date as usage_date, count(*) as requests
                from admin_api_usage where created_at >= span_start and created_at < span_end group by 1
            ) found
            where found.requests > coalesce(
                (select sum(daily.requests) from admin_api_usage_daily daily where daily.usage_date = found.usage_date),
                0
            )
            order by 1
        loop
            if attempt = 2 then
                raise exception 'the requests of % are not rolled up, and stay', unfinished;
            end if;
            perform admin_rebuild_api_usage_daily(unfinished);
        end loop;
    end loop;
end
$$;
