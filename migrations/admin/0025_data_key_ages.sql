-- Data keys by age, the oldest first: those that seal now, one for each customer and one for the platform.
create index admin_data_keys_age_idx
    on admin_data_keys (created_at, coalesce(customer_id, '00000000-0000-0000-0000-000000000000'))
    where superseded_at is null;
