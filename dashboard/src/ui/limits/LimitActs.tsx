import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type Limit, type Rate } from './limit';
import { openLimit } from './LimitForm';
import { removeLimit } from './removeLimit';

type LimitActsProps = { customer: string; limit: Limit; general: Rate | null | undefined };

/** Changes a customer's own limit, or takes it away. */
export function LimitActs({ customer, limit, general }: LimitActsProps) {
  const client = useQueryClient();
  const which = `the limit of ${customer} ${limit.route === null ? 'over all routes' : `on ${limit.route}`}`;
  return (
    <Group gap={6} justify="flex-end">
      <Button size="compact-xs" variant="default" aria-label={`Change ${which}`} onClick={() => openLimit({ customer, before: limit })}>
        Change
      </Button>
      <Button size="compact-xs" variant="default" aria-label={`Take ${which} away`} onClick={() => removeLimit(client, customer, limit, general)}>
        Take away
      </Button>
    </Group>
  );
}
