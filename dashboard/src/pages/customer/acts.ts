import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Right } from '@/session/session';

/** What can be done with a customer from anywhere: the palette leads to the part of their page, and the address says what to open there. */
export const ACTS = {
  suspend: { label: 'Suspend or resume', tab: 'overview', right: 'customers:suspend' },
  plan: { label: 'Change the plan', tab: 'modules', right: 'subscriptions:write' },
  key: { label: 'Make an API key', tab: 'keys', right: 'keys:write' },
  limit: { label: 'Set a limit', tab: 'limits', right: 'customers:write' },
  impersonate: { label: 'Impersonate', tab: 'impersonation', right: 'customers:impersonate' },
  edit: { label: 'Edit what is known', tab: 'overview', right: 'customers:write' },
  delete: { label: 'Delete the customer', tab: 'overview', right: 'customers:delete' },
} as const satisfies Record<string, { label: string; tab: string; right: Right }>;

export type ActName = keyof typeof ACTS;

/** Opens what the address asks for, once: it leaves the address, so that going back doesn't open it anew. */
export function useAskedAct(acts: Partial<Record<ActName, (() => void) | false>>) {
  const { act: asked } = useSearch({ strict: false }) as { act?: ActName };
  const navigate = useNavigate();
  useEffect(() => {
    const open = asked && acts[asked];
    if (!open) return;
    void navigate({ to: '.', search: ((before: object) => ({ ...before, act: undefined })) as never, replace: true, resetScroll: false });
    open();
  }, [asked]);
}
