-- Usage over time: how fast the answers of a day were, in the roll-ups too; and roll-ups of everybody together, so that
-- a year of the whole platform is read in a moment.

-- ------------------------------------------------------------------------------------------------ response times

-- The bucket of a response time. Below 16 ms each millisecond has its own; above, each doubling has eight, so that the
-- middle of a bucket is at most 6.25 % away from any time in it. The last one has no end.
-- The same bounds are in catalog::api_usage; a test holds the two together.
create function admin_response_time_bucket(response_time_ms integer) returns integer
    language sql immutable parallel safe
as $$
    select width_bucket(
        response_time_ms,
        array[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44,
            48, 52, 56, 60, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288,
            320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 832, 896, 960, 1024, 1152, 1280, 1408, 1536,
            1664, 1792, 1920, 2048, 2304, 2560, 2816, 3072, 3328, 3584, 3840, 4096, 4608, 5120, 5632, 6144,
            6656, 7168, 7680, 8192, 9216, 10240, 11264, 12288, 13312, 14336, 15360, 16384, 18432, 20480, 22528,
            24576, 26624, 28672, 30720, 32768, 36864, 40960, 45056, 49152, 53248, 57344, 61440, 65536, 73728,
            81920, 90112, 98304, 106496, 114688, 122880, 131072, 147456, 163840, 180224, 196608, 212992, 229376,
            245760
        ]
    )
$$;

-- How many of these buckets there are of each: the first number is that of bucket 0.
create function admin_count_response_times(buckets integer[]) returns integer[]
    language plpgsql immutable parallel safe
as $$
declare
    highest integer := -1;
    bucket integer;
    counts integer[];
begin
    if buckets is null then
        return '{}';
    end if;
    foreach bucket in array buckets loop
        if bucket > highest then
            highest := bucket;
        end if;
    end loop;
    counts := array_fill(0, array[highest + 1]);
    foreach bucket in array buckets loop
        counts[bucket + 1] := counts[bucket + 1] + 1;
    end loop;
    return counts;
end
$$;

-- ----------------------------------------------------------------------------------------------------- roll-ups

-- How many answers were in each bucket of response times. Empty where that isn't known: roll-ups of requests that were
-- gone when this column came.
alter table admin_api_usage_daily add column response_times integer[] not null default '{}';

-- The requests of all customers together, by the hour and by the day (in UTC). A question about everybody reads these:
-- there are as many rows as there are routes and answers, however many customers there are.
create table admin_api_usage_platform (
    -- How long the span is: 1 or 24 hours.
    hours smallint not null constraint admin_api_usage_platform_hours_check check (hours in (1, 24)),
    starts_at timestamptz not null,
    endpoint text collate "C" not null,
    method text collate "C" not null,
    status_code integer not null,
    outcome text collate "C" not null default '',
    module text collate "C" not null default '',
    requests bigint not null,
    response_time_ms_sum bigint not null default 0,
    response_time_ms_count bigint not null default 0,
    response_time_ms_max integer,
    request_size_bytes bigint not null default 0,
    response_size_bytes bigint not null default 0,
    response_times integer[] not null default '{}',
    primary key (hours, starts_at, endpoint, method, status_code, outcome, module)
)
with (fillfactor = 70);

-- The requests of each key by the day, without what they were for: which customers and keys are the busiest, and whose
-- use grows, is found without reading the roll-ups of every route.
create table admin_api_usage_by_key (
    usage_date date not null,
    customer_id uuid not null,
    api_key_id uuid not null,
    requests bigint not null,
    -- With a status of 400 and more.
    failed bigint not null,
    primary key (usage_date, customer_id, api_key_id)
)
with (fillfactor = 70);

-- As before, with the response times and the two further roll-ups. The platform's rows are the same for every batch, so
-- they come last: batches wait for each other only from here to their commit. Who inserts requests by two statements
-- in one transaction may meet another who does; one of the two is given up then, and tries again.
create or replace function admin_roll_up_api_usage() returns trigger
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
        response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes,
        response_times
    )
    select
        customer_id, (created_at at time zone 'UTC')::date, api_key_id, left(endpoint, 200) collate "C",
        left(method, 20) collate "C", status_code, left(coalesce(outcome, ''), 80) collate "C",
        left(coalesce(module, ''), 80) collate "C", count(*),
        coalesce(sum(response_time_ms), 0), count(response_time_ms), max(response_time_ms),
        coalesce(sum(request_size_bytes), 0), coalesce(sum(response_size_bytes), 0),
        admin_count_response_times(
            array_agg(admin_response_time_bucket(response_time_ms)) filter (where response_time_ms is not null)
        )
    from new_requests
    group by 1, 2, 3, 4, 5, 6, 7, 8
    order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module) do update set
        requests = daily.requests + excluded.requests,
        response_time_ms_sum = daily.response_time_ms_sum + excluded.response_time_ms_sum,
        response_time_ms_count = daily.response_time_ms_count + excluded.response_time_ms_count,
        response_time_ms_max = greatest(daily.response_time_ms_max, excluded.response_time_ms_max),
        request_size_bytes = daily.request_size_bytes + excluded.request_size_bytes,
        response_size_bytes = daily.response_size_bytes + excluded.response_size_bytes,
        response_times = array(
            select coalesce(old_count, 0) + coalesce(new_count, 0)
            from unnest(daily.response_times, excluded.response_times) as counts (old_count, new_count)
        );

    insert into admin_api_usage_by_key as by_key (usage_date, customer_id, api_key_id, requests, failed)
    select
        (created_at at time zone 'UTC')::date, customer_id, api_key_id, count(*),
        count(*) filter (where status_code >= 400)
    from new_requests
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (usage_date, customer_id, api_key_id) do update set
        requests = by_key.requests + excluded.requests,
        failed = by_key.failed + excluded.failed;

    insert into admin_api_usage_platform as platform (
        hours, starts_at, endpoint, method, status_code, outcome, module, requests,
        response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes,
        response_times
    )
    select
        span.hours, date_bin(make_interval(hours => span.hours), created_at, timestamptz 'epoch'),
        left(endpoint, 200) collate "C", left(method, 20) collate "C", status_code,
        left(coalesce(outcome, ''), 80) collate "C", left(coalesce(module, ''), 80) collate "C", count(*),
        coalesce(sum(response_time_ms), 0), count(response_time_ms), max(response_time_ms),
        coalesce(sum(request_size_bytes), 0), coalesce(sum(response_size_bytes), 0),
        admin_count_response_times(
            array_agg(admin_response_time_bucket(response_time_ms)) filter (where response_time_ms is not null)
        )
    from new_requests cross join (values (1), (24)) as span (hours)
    group by 1, 2, 3, 4, 5, 6, 7
    order by 1, 2, 3, 4, 5, 6, 7
    on conflict (hours, starts_at, endpoint, method, status_code, outcome, module) do update set
        requests = platform.requests + excluded.requests,
        response_time_ms_sum = platform.response_time_ms_sum + excluded.response_time_ms_sum,
        response_time_ms_count = platform.response_time_ms_count + excluded.response_time_ms_count,
        response_time_ms_max = greatest(platform.response_time_ms_max, excluded.response_time_ms_max),
        request_size_bytes = platform.request_size_bytes + excluded.request_size_bytes,
        response_size_bytes = platform.response_size_bytes + excluded.response_size_bytes,
        response_times = array(
            select coalesce(old_count, 0) + coalesce(new_count, 0)
            from unnest(platform.response_times, excluded.response_times) as counts (old_count, new_count)
        );
    return null;
end
$$;

-- Counts the two further roll-ups of a day anew: the platform's from the requests, the keys' from the day's roll-ups. For
-- the function below, which holds the day's lock.
create function admin_rebuild_api_usage_sums(day date) returns void
    language plpgsql
    set search_path = public, pg_temp
as $$
declare
    day_start timestamptz := day::timestamp at time zone 'UTC';
    day_end timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
    delete from admin_api_usage_by_key where usage_date = day;
    insert into admin_api_usage_by_key (usage_date, customer_id, api_key_id, requests, failed)
    select
        usage_date, customer_id, api_key_id, sum(requests),
        coalesce(sum(requests) filter (where status_code >= 400), 0)
    from admin_api_usage_daily where usage_date = day group by 1, 2, 3;

    delete from admin_api_usage_platform where hours in (1, 24) and starts_at >= day_start and starts_at < day_end;
    insert into admin_api_usage_platform (
        hours, starts_at, endpoint, method, status_code, outcome, module, requests,
        response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes,
        response_times
    )
    select
        span.hours, date_bin(make_interval(hours => span.hours), created_at, timestamptz 'epoch'),
        left(endpoint, 200) collate "C", left(method, 20) collate "C", status_code,
        left(coalesce(outcome, ''), 80) collate "C", left(coalesce(module, ''), 80) collate "C", count(*),
        coalesce(sum(response_time_ms), 0), count(response_time_ms), max(response_time_ms),
        coalesce(sum(request_size_bytes), 0), coalesce(sum(response_size_bytes), 0),
        admin_count_response_times(
            array_agg(admin_response_time_bucket(response_time_ms)) filter (where response_time_ms is not null)
        )
    from admin_api_usage cross join (values (1), (24)) as span (hours)
    where created_at >= day_start and created_at < day_end
    group by 1, 2, 3, 4, 5, 6, 7;
end
$$;

-- As before, with the response times and the two further roll-ups.
-- Counts the requests of a day (UTC) anew, and puts right what is wrong in the roll-ups. Whoever inserts requests of this
-- day waits meanwhile: their rows are either counted here, or added by the trigger afterwards, never both.
-- A day whose requests are gone is left alone, and `skipped` is true.
create or replace function admin_rebuild_api_usage_daily(
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
            coalesce(sum(response_size_bytes), 0) as response_size_bytes,
            admin_count_response_times(
                array_agg(admin_response_time_bucket(response_time_ms)) filter (where response_time_ms is not null)
            ) as response_times
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
            response_size_bytes, response_times
        )
        select
            customer_id, day, api_key_id, endpoint, method, status_code, outcome, module, requests,
            response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes,
            response_size_bytes, response_times
        from counted
        on conflict (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module) do update set
            requests = excluded.requests,
            response_time_ms_sum = excluded.response_time_ms_sum,
            response_time_ms_count = excluded.response_time_ms_count,
            response_time_ms_max = excluded.response_time_ms_max,
            request_size_bytes = excluded.request_size_bytes,
            response_size_bytes = excluded.response_size_bytes,
            response_times = excluded.response_times
        where (daily.requests, daily.response_time_ms_sum, daily.response_time_ms_count, daily.response_time_ms_max,
                daily.request_size_bytes, daily.response_size_bytes, daily.response_times)
            is distinct from (excluded.requests, excluded.response_time_ms_sum, excluded.response_time_ms_count,
                excluded.response_time_ms_max, excluded.request_size_bytes, excluded.response_size_bytes, excluded.response_times)
        returning 1
    )
    select
        (select count(*) from removed) + (select count(*) from written),
        coalesce((select sum(requests) from counted), 0)
    into groups_changed, requests_after;

    perform admin_rebuild_api_usage_sums(day);
end
$$;

-- ------------------------------------------------------------------------------------------- what is there already

-- Nobody inserts between the counting and the new trigger.
lock table admin_api_usage in share row exclusive mode;
-- By the day from the roll-ups, which know the days whose requests are gone; their response times are unknown.
insert into admin_api_usage_platform (
    hours, starts_at, endpoint, method, status_code, outcome, module, requests,
    response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes
)
select
    24, usage_date::timestamp at time zone 'UTC', endpoint, method, status_code, outcome, module, sum(requests),
    sum(response_time_ms_sum), sum(response_time_ms_count), max(response_time_ms_max), sum(request_size_bytes),
    sum(response_size_bytes)
from admin_api_usage_daily group by 1, 2, 3, 4, 5, 6, 7;
insert into admin_api_usage_by_key (usage_date, customer_id, api_key_id, requests, failed)
select
    usage_date, customer_id, api_key_id, sum(requests), coalesce(sum(requests) filter (where status_code >= 400), 0)
from admin_api_usage_daily group by 1, 2, 3;
-- Everything else from the requests that are there.
select admin_rebuild_api_usage_daily(days.usage_date)
from (
    select distinct (created_at at time zone 'UTC')::date as usage_date from admin_api_usage order by 1
) days;
