import { useDebouncedValue } from '@mantine/hooks';
import { IconBuilding, IconKey, IconUser } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { queries, type Schema } from '@/api/client';
import { shownPart } from '@/api/shownPart';
import { pages } from '@/navigation';
import { words } from '@/ui/format';
import { askedOf } from './asked';
import type { Line } from './CommandPalette';
import type { Action, Place } from './page';

/** Somebody whom the palette found, under the name that addresses have. */
export type FoundCustomer = { name: string; company: string };

/** What was found: lines that lead to it, and the customers with whom something may be done. */
export type Found = {
  lines: Line[];
  customers: readonly FoundCustomer[];
  /** The words that say what is to be done with them: of “suspend acme”, suspend. */
  act: string;
};

const NOTHING: Found = { lines: [], customers: [], act: '' };

/** The parts of a customer's page, and all that can be done with them: “acme keys” is the list before it is a new key. */
export const ofCustomer = (customer: string): (Place | Action)[] =>
  pages.flatMap((page) => [...(page.places?.({ customer }) ?? []), ...(page.actions?.({ customer }) ?? [])]).filter(({ params }) => params?.customer === customer);

/** A text with all the words by which an act is found. */
export const wordsOf = (one: Place | Action) => `${one.label} ${('also' in one && one.also) || ''}`;

const LABELS = ofCustomer('').map(wordsOf);

/** Looks for customers, keys and operators by what was typed; when that is nobody, by what is left of it without the words of acts. */
export function useFound(query: string): Found {
  const navigate = useNavigate();
  const [typed] = useDebouncedValue(query.trim(), 120);
  // A whole key has no business in an address: it is looked for by what is displayed of it.
  const q = shownPart(typed);
  const whole = useSearched(q, q.length > 0);
  const { act, name } = askedOf(q, LABELS);
  const rest = useSearched(name, name.length > 0 && isNothing(whole));
  // Enter opens what was found for the present text, not for the one before.
  if (typed !== query.trim() || q.length === 0) return NOTHING;
  const data = isNothing(whole) && name.length > 0 ? rest : whole;
  if (!data) return NOTHING;
  const open = (customer: string, tab?: string, search: Record<string, string> = {}) => () =>
    void navigate({ to: '/customers/$customer/{-$tab}', params: { customer, tab } as never, search: search as never });
  const customers = data.customers.map((customer) => ({ name: customer.customer_id ?? customer.id, company: customer.company_name }));
  return {
    act: data === whole ? '' : act,
    customers,
    lines: [
      ...data.customers.map((customer) => ({
        id: customer.id,
        label: customer.company_name,
        note: `${customer.customer_id ?? ''} · ${words(customer.subscription_plan)} · ${words(customer.subscription_status)}`,
        icon: <IconBuilding size={16} />,
        run: open(customer.customer_id ?? customer.id),
      })),
      ...data.api_keys.map((key) => ({
        id: key.id,
        label: `${key.name ?? 'API key'} ${key.prefix}…`,
        note: `Key of ${key.customer_name} · ${words(key.status)}`,
        icon: <IconKey size={16} />,
        run: open(key.customer_id ?? '', 'keys', { key: key.id }),
      })),
      ...data.operators.map((operator) => ({
        id: operator.id,
        label: operator.name,
        note: `Operator · ${operator.email}`,
        icon: <IconUser size={16} />,
        run: () => void navigate({ to: '/settings/operators', search: { operator: operator.id } as never }),
      })),
    ],
  };
}

function useSearched(q: string, enabled: boolean): Schema<'SearchView'> | undefined {
  const { data, isPlaceholderData } = queries.useQuery('get', '/api/admin/search', { params: { query: { q } } }, { enabled, refetchInterval: false });
  return enabled && !isPlaceholderData ? data : undefined;
}

const isNothing = (found: Schema<'SearchView'> | undefined) =>
  found !== undefined && found.customers.length === 0 && found.api_keys.length === 0 && found.operators.length === 0;
