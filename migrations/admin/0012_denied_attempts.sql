-- Which refusals of customers' callers are in the audit log: per key, day and reason, so that whoever tries a thousand
-- doors a second leaves two rows a day, and not a thousand a second.
create table admin_denied_attempts (
    customer_id uuid not null references admin_customers (id) on delete cascade,
    api_key_id uuid not null,
    usage_date date not null,
    outcome text not null,
    -- As many as the last audit row tells of.
    requests bigint not null constraint admin_denied_attempts_requests_check check (requests > 0),
    -- Whether that row was written when the day was over.
    is_final boolean not null default false,
    primary key (customer_id, api_key_id, usage_date, outcome)
);
create index admin_denied_attempts_date_idx on admin_denied_attempts (usage_date);
