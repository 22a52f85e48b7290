import { Button, Group, NumberInput, Select } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { queries } from '@/api/client';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { Key } from './key';
import { rules } from './keyForm';
import { periods } from './period';
import { TrialResult } from './TrialResult';

type Period = (typeof periods)[number]['value'];

/** What another limit would have refused of last week’s requests: asked before a limit is changed. */
export function LimitTrial({ customer, of: key }: { customer: string; of: Key }) {
  const form = useForm({
    initialValues: { requests: key.rate_limit_requests as number | string, period: key.rate_limit_period as Period },
    validate: { requests: rules.rate_limit_requests },
  });
  const [tried, setTried] = useState<{ requests: number; period: Period } | null>(null);
  const query = queries.useQuery(
    'get',
    '/api/admin/customers/{customer}/api-keys/{id}/limit-simulation',
    { params: { path: { customer, id: key.id }, query: tried ?? { requests: 1, period: 'month' } } },
    { enabled: tried !== null, refetchInterval: false },
  );
  return (
    <Panel title="What would another limit have refused?" note="Of what was really sent in the last 7 days">
      <form onSubmit={form.onSubmit(({ requests, period }) => setTried({ requests: Number(requests), period }))} noValidate>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <NumberInput flex={1} size="xs" label="Requests" min={1} allowDecimal={false} thousandSeparator="," {...form.getInputProps('requests')} />
          <Select flex={1} size="xs" label="In" data={periods} allowDeselect={false} {...form.getInputProps('period')} />
          <Button type="submit" variant="default" loading={query.isFetching && tried !== null}>
            Try
          </Button>
        </Group>
      </form>
      {tried && <Loaded query={query}>{(trial) => <TrialResult trial={trial} tried={tried} />}</Loaded>}
    </Panel>
  );
}
