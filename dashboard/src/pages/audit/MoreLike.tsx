import { Anchor, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';

/** The ways from a row to the others that have to do with it. */
export function MoreLike({ entry }: { entry: Schema<'AuditLogView'> }) {
  const { resource_type, resource_id, customer_uuid: customer, admin_user_id: actor, action } = entry;
  return (
    <Group gap="md">
      {resource_id && <To label="All about this thing" search={{ resource_type, resource_id }} />}
      {customer && <To label="All about this customer" search={{ customer }} />}
      {actor && <To label="All by the same operator" search={{ actor }} />}
      <To label="All of this kind" search={{ action }} />
    </Group>
  );
}

const To = ({ label, search }: { label: string; search: Record<string, unknown> }) => (
  <Anchor component={Link} to="/audit" search={search as never} size="sm">
    {label}
  </Anchor>
);
