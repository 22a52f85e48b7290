import { SegmentedControl, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, queries } from '@/api/client';
import { type PlanName, PLANS } from '@/api/plans';
import { taken } from '@/api/taken';
import { openDialog } from '@/ui/dialogs';
import { FormEnd } from '@/ui/FormEnd';
import { words } from '@/ui/format';
import { LineField } from '@/ui/LineField';
import { Loaded } from '@/ui/Loaded';
import { say } from '@/ui/notify';
import { TypedWord } from '@/ui/TypedWord';
import { useSubmit } from '@/ui/useSubmit';
import { type Customer, nameOf, pathOf, useCustomerChanged } from '../customer';
import { PlanPreview } from './PlanPreview';

/** As many characters as the API takes. */
const LONGEST = 500;

/** Shows what another plan would change for a customer, then changes it. */
export function openPlanChange(customer: Customer) {
  openDialog({
    title: `Another plan for ${customer.company_name}`,
    size: '620px',
    content: (close) => <ChangePlan customer={customer} close={close} />,
  });
}

function ChangePlan({ customer, close }: { customer: Customer; close: () => void }) {
  const changed = useCustomerChanged();
  const [plan, setPlan] = useState(customer.subscription_plan as PlanName);
  const [typed, setTyped] = useState('');
  const query = queries.useQuery(
    'get',
    '/api/admin/customers/{customer}/plan/preview',
    { params: { ...pathOf(customer), query: { plan } } },
    { placeholderData: undefined },
  );
  const form = useForm({
    initialValues: { reason: '' },
    validate: { reason: (reason) => ([...reason].length > LONGEST ? `must have at most ${LONGEST} characters` : null) },
  });
  const { busy, error, submit } = useSubmit(form, async ({ reason }) => {
    await taken(api.PUT('/api/admin/customers/{customer}/plan', { params: pathOf(customer), body: { plan, reason: reason.trim() || undefined } }));
    close();
    say(`${customer.company_name} has the ${plan} plan`, 'The modules follow on every server within a second.');
    await changed();
  });
  const direction = query.data?.direction;
  // What takes something away is asked for in writing.
  const isDowngrade = direction === 'downgrade';
  const word = nameOf(customer);
  const choose = (next: string) => {
    setPlan(next as PlanName);
    setTyped('');
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <SegmentedControl fullWidth aria-label="Plan" data-autofocus data={PLANS.map((value) => ({ value, label: words(value) }))} value={plan} onChange={choose} />
        <Loaded query={query} lines={6}>
          {(preview) => <PlanPreview preview={preview} customer={customer} />}
        </Loaded>
        <LineField label="Reason" description="Stands in the audit log; may be left out" maxRows={4} {...form.getInputProps('reason')} />
        {isDowngrade && <TypedWord word={word} typed={typed} change={setTyped} />}
        <FormEnd
          act={direction === 'none' || direction === undefined ? 'Change the plan' : `${isDowngrade ? 'Downgrade' : 'Upgrade'} to ${words(plan)}`}
          danger={isDowngrade}
          disabled={direction === undefined || direction === 'none' || (isDowngrade && typed !== word)}
          busy={busy}
          error={error}
          cancel={close}
        />
      </Stack>
    </form>
  );
}
