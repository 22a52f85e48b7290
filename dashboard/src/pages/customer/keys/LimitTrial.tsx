import { Button, Group, NumberInput, Select } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { queries } from '@/api/client';
import { problemOf } from '@/api/problem';
import { Failure } from '@/ui/Failure';
import { Panel } from '@/ui/Panel';
import classes from './Keys.module.css';
import { type Key, limitOf } from './key';
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
    // What another limit would have refused is no answer to this one.
    { enabled: tried !== null, refetchInterval: false, placeholderData: undefined },
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
      <div role="status">
        {tried && query.data && <TrialResult trial={query.data} tried={tried} />}
        {tried && query.isLoading && <p className={classes.verdict}>Counting what {limitOf({ rate_limit_requests: tried.requests, rate_limit_period: tried.period })} would have refused.</p>}
      </div>
      {query.error && !query.data && <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} />}
    </Panel>
  );
}
