-- Backups are encrypted, each with a key of its own, which is a stored secret like all others. Those without one are from
-- before, and plain.

alter table admin_backups
    -- Sealed by the customer's data key, for as long as there is one.
    add column key_encrypted text,
    -- Sealed by the platform's data key: of the admin database's backups, and of those of customers who are gone.
    add column key_sealed text,
    add constraint admin_backups_one_key_check check (key_encrypted is null or key_sealed is null),
    add constraint admin_backups_customers_key_check check (key_encrypted is null or customer_id is not null);
