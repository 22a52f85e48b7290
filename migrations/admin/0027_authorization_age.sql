-- Since when an audit stream shows what it shows to its endpoint: it can be changed, and a stream's own age says nothing then.
-- Null where it was never changed: as old as the stream. updated_at doesn't say it, which each delivery changes.

alter table admin_audit_streams
    add column authorization_set_at timestamptz;
