import type { Right } from '@/session/session';
import type { Customer } from '../customer';

/** What is asked before several customers are acted on. */
export type BulkInput = { reason: string; module: string; enabled: boolean };

/** What can be done with several customers at once. Each is done for itself: one that fails stops no other. */
export type BulkAct = {
  id: string;
  /** The button: the act. */
  label: string;
  /** What it is called when it was done to somebody: "suspended". */
  done: string;
  /** The right that it needs. */
  right: Right;
  consequences: readonly string[];
  /** What must be typed for it; nothing need be when left out. */
  word?: string;
  asks: { reason?: boolean; module?: boolean };
  run: (customer: Customer, input: BulkInput) => Promise<unknown>;
};
