import type { Right } from '@/session/session';
import { useAskedAct as useAsked } from '@/ui/useAskedAct';

type Act = {
  label: string;
  tab: string;
  right: Right;
  /** Other words by which one looks for it. */
  also?: string;
};

/** What can be done with a customer from anywhere: the palette leads to the part of their page, and the address says what to open there. */
export const ACTS = {
  suspend: { label: 'Suspend or resume', tab: 'overview', right: 'customers:suspend', also: 'stop block serve reactivate' },
  plan: { label: 'Change the plan', tab: 'modules', right: 'subscriptions:write', also: 'upgrade downgrade subscription' },
  module: { label: 'Turn a module on or off', tab: 'modules', right: 'modules:write', also: 'enable disable override' },
  key: { label: 'Make an API key', tab: 'keys', right: 'keys:write', also: 'new create token' },
  limit: { label: 'Set a limit', tab: 'limits', right: 'customers:write', also: 'rate quota' },
  backup: { label: 'Back up the database', tab: 'database', right: 'backups:write', also: 'backup dump' },
  restore: { label: 'Restore the newest backup', tab: 'database', right: 'backups:restore', also: 'recover' },
  url: { label: 'Show the database’s URL', tab: 'database', right: 'credentials:reveal', also: 'connect connection string password psql reveal' },
  datakey: { label: 'Rotate the data key', tab: 'database', right: 'secrets:write' },
  impersonate: { label: 'Impersonate', tab: 'impersonation', right: 'customers:impersonate', also: 'act as place' },
  edit: { label: 'Edit what is known', tab: 'overview', right: 'customers:write', also: 'rename change name email' },
  delete: { label: 'Delete the customer', tab: 'overview', right: 'customers:delete', also: 'remove' },
} as const satisfies Record<string, Act>;

export type ActName = keyof typeof ACTS;

/** The same as for every page, for these acts. */
export const useAskedAct = (acts: Partial<Record<ActName, (() => void) | false>>) => useAsked<ActName>(acts);
