-- Roll-ups that cost half as much: the requests of a batch are read and grouped once, and the three roll-ups are made of
-- the groups. Before, each of them read and grouped every request anew, the platform's twice.

-- What a batch's requests have in common within an hour, and the buckets of their response times.
create type admin_api_usage_group as (
    customer_id uuid,
    api_key_id uuid,
    starts_at timestamptz,
    endpoint text,
    method text,
    status_code integer,
    outcome text,
    module text,
    requests bigint,
    response_time_ms_sum bigint,
    response_time_ms_count bigint,
    response_time_ms_max integer,
    request_size_bytes bigint,
    response_size_bytes bigint,
    buckets integer[]
);

-- The elements of all arrays in one. A group's arrays are few and short.
create aggregate admin_concatenate(integer[]) (sfunc = array_cat, stype = integer[], parallel = safe);

-- Writes what it wrote before, in the same order: the days' locks, then each roll-up in the order of its key, the
-- platform's, which every batch has, at last.
create or replace function admin_roll_up_api_usage() returns trigger
    language plpgsql
    security definer
    set search_path = public, pg_temp
as $$
declare
    groups admin_api_usage_group[];
begin
    perform pg_advisory_xact_lock_shared(admin_api_usage_day_lock(days.usage_date))
    from (
        select distinct (created_at at time zone 'UTC')::date as usage_date from new_requests order by 1
    ) days;

    select array_agg(grouped::admin_api_usage_group) into groups
    from (
        select
            customer_id, api_key_id, date_bin('1 hour', created_at, timestamptz 'epoch'), endpoint, method, status_code,
            outcome, module, count(*), coalesce(sum(response_time_ms), 0)::bigint, count(response_time_ms),
            max(response_time_ms), coalesce(sum(request_size_bytes), 0)::bigint,
            coalesce(sum(response_size_bytes), 0)::bigint,
            array_agg(admin_response_time_bucket(response_time_ms)) filter (where response_time_ms is not null)
        from new_requests group by 1, 2, 3, 4, 5, 6, 7, 8
    ) grouped;

    insert into admin_api_usage_daily as daily (
        customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module, requests,
        response_time_ms_sum, response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes,
        response_times
    )
    select
        customer_id, (starts_at at time zone 'UTC')::date, api_key_id, left(endpoint, 200) collate "C",
        left(method, 20) collate "C", status_code, left(coalesce(outcome, ''), 80) collate "C",
        left(coalesce(module, ''), 80) collate "C", sum(requests), sum(response_time_ms_sum),
        sum(response_time_ms_count), max(response_time_ms_max), sum(request_size_bytes), sum(response_size_bytes),
        admin_count_response_times(admin_concatenate(buckets))
    from unnest(groups)
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
        (starts_at at time zone 'UTC')::date, customer_id, api_key_id, sum(requests),
        coalesce(sum(requests) filter (where status_code >= 400), 0)
    from unnest(groups)
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
        span.hours, date_bin(make_interval(hours => span.hours), starts_at, timestamptz 'epoch'),
        left(endpoint, 200) collate "C", left(method, 20) collate "C", status_code,
        left(coalesce(outcome, ''), 80) collate "C", left(coalesce(module, ''), 80) collate "C", sum(requests),
        sum(response_time_ms_sum), sum(response_time_ms_count), max(response_time_ms_max), sum(request_size_bytes),
        sum(response_size_bytes), admin_count_response_times(admin_concatenate(buckets))
    from unnest(groups) cross join (values (1), (24)) as span (hours)
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
