import { Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api } from '@/api/client';
import { problemOf } from '@/api/problem';
import { refusedFields } from '@/api/refusal';
import { taken } from '@/api/taken';
import { CustomerField } from '@/ui/CustomerField';
import { Drawer } from '@/ui/Drawer';
import { Failure } from '@/ui/Failure';
import classes from './Audit.module.css';
import { PROOFS } from './proofs';
import { Verdict } from './Verdict';

type ChainProofProps = { opened: boolean; customer: string | undefined; close: () => void };

/** The proof that nobody changed, removed or slipped in a row: of a customer's chain, or of the platform's. */
export function ChainProof({ opened, customer, close }: ChainProofProps) {
  return (
    <Drawer opened={opened} onClose={close} size={560} title="Proof of a chain">
      <Prove customer={customer} />
    </Drawer>
  );
}

function Prove({ customer: filtered }: { customer: string | undefined }) {
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  // The customer that the page is filtered by, unless another one is named here.
  const customer = (typed ?? filtered ?? '').trim();
  const { mutate, data, error, variables, isPending } = useMutation({
    mutationKey: PROOFS,
    gcTime: Infinity,
    mutationFn: (name: string | null) => taken(api.POST('/api/admin/audit-logs/verifications', { body: name === null ? {} : { customer: name } })),
    onError: (thrown) => refusalOf(thrown) && field.current?.focus(),
  });
  const refused = error && refusalOf(error);
  return (
    <div className={classes.proof}>
      <Text size="sm">Each row of the audit log holds the hash of the row before. A chain is recomputed from what is stored: a row that was changed, deleted, moved or slipped in is found.</Text>
      <CustomerField
        description="Each has a chain; part of the name finds the customerId"
        value={typed ?? filtered ?? ''}
        onChange={setTyped}
        // For as long as what was refused stands in it.
        error={variables === customer ? refused : null}
        ref={field}
      />
      <Group gap="xs">
        <Button disabled={customer === ''} loading={isPending} onClick={() => mutate(customer)}>
          Prove the customer’s chain
        </Button>
        <Button variant="default" loading={isPending} onClick={() => mutate(null)}>
          Prove the platform’s chain
        </Button>
      </Group>
      {error ? !refused && <Failure problem={problemOf(error)} /> : data && <Verdict proof={data} />}
      <Text size="xs" c="var(--ink-2)">
        All chains at once, compared with the anchors outside the database: <code>sixty audit verify</code>
      </Text>
    </div>
  );
}

/** What is wrong with the customer that was named. */
const refusalOf = (error: unknown) => refusedFields(error, ['customer'])?.customer;
