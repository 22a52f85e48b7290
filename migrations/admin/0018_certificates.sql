-- When the certificates of customers' instances end, and what is known of who signs them.

alter type audit_action add value 'certificate_authorities_changed';

-- As the worker saw them last: of what the instance shows to whoever connects, and of the authority that signed it.
alter table admin_instances
    add column certificate_expires_at timestamptz,
    add column authority_expires_at timestamptz;
