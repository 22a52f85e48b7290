import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { count } from '@/ui/format';
import type { Customer } from '../customer';
import type { BulkAct } from './act';
import classes from './Bulk.module.css';
import { BulkDialog } from './BulkDialog';

type BulkBarProps = {
  acts: readonly BulkAct[];
  selected: ReadonlyMap<string, Customer>;
  select: (selected: Map<string, Customer>) => void;
  /** The way to select more. */
  children: ReactNode;
};

/** How many are selected, and what can be done with them. */
export function BulkBar({ acts, selected, select, children }: BulkBarProps) {
  const [chosen, choose] = useState<{ act: BulkAct; customers: Customer[] } | null>(null);
  return (
    <div className={classes.bar} role="group" aria-label="With the selected customers">
      <strong role="status">{count(selected.size)} selected</strong>
      {children}
      {acts.map((act) => (
        <Button key={act.id} variant="default" size="compact-xs" onClick={() => choose({ act, customers: [...selected.values()] })}>
          {act.label}…
        </Button>
      ))}
      <Button variant="subtle" size="compact-xs" onClick={() => select(new Map())}>
        Select none
      </Button>
      {chosen && (
        <BulkDialog
          {...chosen}
          close={(done) => {
            choose(null);
            select(new Map([...selected].filter(([id]) => !done.has(id))));
          }}
        />
      )}
    </div>
  );
}
