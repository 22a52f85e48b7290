-- Who of the platform's operators acted in the customer's place: their address, in every row of the log that they caused.
alter table audit_logs add column impersonator text
    constraint audit_logs_impersonator_check check (btrim(impersonator) <> '');
comment on column audit_logs.impersonator is 'The operator of the platform who did it in the customer''s place; null for the customer''s own programs and users.';
create index audit_logs_impersonator_idx on audit_logs (org_id, created_at) where impersonator is not null;
