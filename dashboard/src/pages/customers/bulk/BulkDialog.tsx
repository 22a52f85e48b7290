import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { askAgain } from '@/api/askAgain';
import { count } from '@/ui/format';
import { Modal } from '@/ui/Modal';
import type { Customer } from '../customer';
import type { BulkAct, BulkInput } from './act';
import { BulkForm } from './BulkForm';
import { BulkProgress } from './BulkProgress';
import { useBulkRun } from './useBulkRun';

type BulkDialogProps = { act: BulkAct; customers: readonly Customer[]; close: (done: ReadonlySet<string>) => void };

/** Asks, then acts on one customer after the other and shows what came of each. Closing it stops what hasn't begun. */
export function BulkDialog({ act, customers, close }: BulkDialogProps) {
  const client = useQueryClient();
  const input = useRef<BulkInput>({ reason: '', module: '', enabled: true });
  const { rows, running, run, stop } = useBulkRun((customer) => act.run(customer, input.current));
  const leave = () => {
    stop();
    void askAgain(client, /\/(customers|statistics|backups)/);
    close(new Set(rows.filter((row) => row.state === 'done').map((row) => row.customer.id)));
  };
  const who = customers.length === 1 ? customers[0]?.company_name : `${count(customers.length)} customers`;
  return (
    <Modal opened onClose={leave} title={`${act.label}: ${who}`} size="lg">
      {rows.length === 0 ? (
        <BulkForm
          act={act}
          customers={customers}
          close={leave}
          go={(given) => {
            input.current = given;
            void run(customers);
          }}
        />
      ) : (
        <BulkProgress rows={rows} done={act.done} running={running} run={(again) => void run(again)} stop={stop} close={leave} />
      )}
    </Modal>
  );
}
