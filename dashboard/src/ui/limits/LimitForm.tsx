import { Autocomplete, Group, NumberInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { ChangedMeanwhile } from '../ChangedMeanwhile';
import { CustomerField } from '../CustomerField';
import { openDialog } from '../dialogs';
import { FormEnd } from '../FormEnd';
import { LineField } from '../LineField';
import { same } from '../meanwhile';
import { Notice } from '../Notice';
import { say } from '../notify';
import { useMeanwhile } from '../useMeanwhile';
import { useSubmit } from '../useSubmit';
import { withoutRedisChoices } from './withoutRedis';
import { type Limit, limitsChanged, PERIODS, rateOf, unseen } from './limit';
import { bodyOf, type LimitValues, TOGETHER, valuesOf, wordsOf } from './limitValues';
import { ThereAlready } from './ThereAlready';
import { useLimit } from './useLimit';
import { useRoutesUsed } from './useRoutesUsed';

/** What the API takes. */
const MOST = 1_000_000_000_000;
const LONGEST_REASON = 500;

type Asked = {
  /** The customer's name in addresses; it is asked for when left out. */
  customer?: string;
  /** What is changed: the limit as it is, or only its route. */
  before?: Partial<Limit>;
};

/** Asks for a limit of one customer's own, over all routes or on one. */
export function openLimit(asked: Asked) {
  const whose = asked.customer ? ` of ${asked.customer}` : '';
  openDialog({ title: asked.before?.updated_at ? `The limit${whose}` : `A limit${whose}`, content: (close) => <LimitForm {...asked} close={close} /> });
}

function LimitForm({ customer: given, before, close }: Asked & { close: () => void }) {
  const client = useQueryClient();
  const { limit, isGone, readAgain } = useLimit(given ?? '', before);
  const [isOvertaken, overtake] = useState(false);
  const now = valuesOf(given ?? '', limit);
  const form = useForm<LimitValues>({
    initialValues: valuesOf(given ?? '', before),
    validate: {
      customer: (customer) => (customer.trim() === '' ? 'must not be empty' : null),
      requests: (requests, { kind }) =>
        kind === 'none' || (typeof requests === 'number' && Number.isInteger(requests) && requests >= 0 && requests <= MOST) ? null : 'must be a whole number, from 0 on',
      reason: (reason) => ([...reason].length > LONGEST_REASON ? `must have at most ${LONGEST_REASON} characters` : null),
    },
  });
  const { customer, kind, requests } = form.values;
  const route = form.values.route.trim() || null;
  // A limit that was there when one was to be set, and was shown.
  const [found, setFound] = useState<{ customer: string; limit: Limit } | null>(null);
  const there = found?.customer === customer.trim() && found.limit.route === route ? found.limit : null;
  const routes = useRoutesUsed(given ?? '');
  const meanwhile = useMeanwhile(form, now, TOGETHER);
  /** The API has no tag for a limit: that nobody's decision is replaced unseen is looked at before it is saved. */
  const isUnseen = async () => {
    if (before?.updated_at) {
      const { limit: read, isGone: isGoneNow } = await readAgain();
      const isOther = isGoneNow !== isGone || !same(valuesOf(given ?? '', read), now);
      overtake(isOther);
      return isOther;
    }
    const { data: limits } = await taken(api.GET('/api/admin/customers/{customer}/limits', { params: { path: { customer: customer.trim() } } }));
    const other = unseen(limits, route, there?.updated_at);
    if (other) setFound({ customer: customer.trim(), limit: other });
    return other !== null;
  };
  const send = async (values: LimitValues) => {
    if (await isUnseen()) return;
    const set = await taken(api.PUT('/api/admin/customers/{customer}/limits', { params: { path: { customer: customer.trim() } }, body: bodyOf(values) }));
    close();
    say(`${rateOf(set)} for ${customer.trim()}`, 'It holds on every server within a second.');
    await limitsChanged(client);
  };
  const { busy, error, submit } = useSubmit(form, send, given === undefined ? 'customer' : undefined);
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {given === undefined && <CustomerField data-autofocus required withAsterisk={false} {...form.getInputProps('customer')} />}
        {before?.updated_at ? (
          <TextInput label="Of" value={before.route ?? 'All routes together'} readOnly />
        ) : (
          <Autocomplete
            label="Route"
            description="Method and path; all routes together when empty"
            placeholder="POST /api/v1/deals"
            data={routes}
            limit={20}
            {...form.getInputProps('route')}
          />
        )}
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label="Whether there is a limit"
          data={[
            { value: 'some', label: 'So many requests' },
            { value: 'none', label: 'Without limit' },
          ]}
          {...form.getInputProps('kind')}
        />
        {kind === 'some' && (
          <Group gap="xs" align="flex-start" grow>
            <NumberInput label="Requests" min={0} allowDecimal={false} thousandSeparator="," data-autofocus={given !== undefined || undefined} {...form.getInputProps('requests')} />
            <Select label="In a" data={PERIODS} allowDeselect={false} {...form.getInputProps('period')} />
          </Group>
        )}
        <Select
          label="While Redis is away"
          data={withoutRedisChoices}
          allowDeselect={false}
          {...form.getInputProps('without_redis')}
        />
        <LineField label="Reason" description="Stands in the list and in the audit log; may be left out" maxRows={4} {...form.getInputProps('reason')} />
        <Text size="xs" c={kind === 'some' && requests === 0 ? 'var(--bad)' : 'var(--ink-2)'} role="status">
          {kind === 'none'
            ? 'Nothing but the keys’ and modules’ own limits holds this customer back then.'
            : requests === 0
              ? 'None at all: each of their requests is refused with 429.'
              : 'Over all of the customer’s keys, in place of what holds for everybody. What goes beyond it is refused with 429.'}
        </Text>
        {there && <ThereAlready customer={customer.trim()} limit={there} />}
        {isGone ? (
          <Notice tone="warn" title="Somebody else has taken this limit away meanwhile">
            <p>Setting it puts it back.</p>
          </Notice>
        ) : (
          <ChangedMeanwhile meanwhile={meanwhile} said={wordsOf(limit)} refused={isOvertaken} isDirty={form.isDirty()} />
        )}
        <FormEnd act={there ? 'Replace it' : 'Set the limit'} busy={busy} error={error} cancel={close} />
      </Stack>
    </form>
  );
}
