import { useEffect, useRef, useState } from 'react';
import { type Problem, problemOf } from '@/api/problem';
import type { Customer } from '../customer';

export type BulkRow = { customer: Customer; state: 'waiting' | 'running' | 'done' | 'failed'; problem?: Problem };

/** Acts on one customer after the other, and keeps what came of each. */
export function useBulkRun(act: (customer: Customer) => Promise<unknown>) {
  const [rows, setRows] = useState<readonly BulkRow[]>([]);
  const [running, setRunning] = useState(false);
  const stopped = useRef(false);
  // Nobody sees any more what comes of it.
  useEffect(() => () => void (stopped.current = true), []);
  const note = (id: string, change: Partial<BulkRow>) => setRows((before) => before.map((row) => (row.customer.id === id ? { ...row, ...change } : row)));

  const run = async (customers: readonly Customer[]) => {
    stopped.current = false;
    setRunning(true);
    const again = new Set(customers.map(({ id }) => id));
    setRows((before) => [
      ...before.filter((row) => !again.has(row.customer.id)),
      ...customers.map((customer): BulkRow => ({ customer, state: 'waiting' })),
    ]);
    for (const customer of customers) {
      if (stopped.current) break;
      note(customer.id, { state: 'running', problem: undefined });
      try {
        await act(customer);
        note(customer.id, { state: 'done' });
      } catch (error) {
        note(customer.id, { state: 'failed', problem: problemOf(error) });
      }
    }
    setRunning(false);
  };
  return { rows, running, run, stop: () => void (stopped.current = true) };
}
