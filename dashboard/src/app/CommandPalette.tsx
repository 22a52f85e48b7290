import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { IconArrowRight, IconBolt, IconBuilding, IconKey, IconSearch, IconUser } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { queries } from '@/api/client';
import { shownPart } from '@/api/shownPart';
import { pages } from '@/navigation';
import { useMay } from '@/session/session';
import { words } from '@/ui/format';
import type { Here, Place } from './page';
import { usePaletteAsked } from './palette';
import { showShortcuts } from './shortcuts';

const [store, spotlight] = createSpotlight();

type Found = { id: string; label: string; note?: string; icon: React.ReactNode; run: () => void };

// What is longer than the palette is scrolled by keyboard, too. The list hands on what it is given, and doesn't say so in its type.
const REACHABLE = { viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'What was found' } } as object;

/** Finds any customer, key, page and action: Ctrl K. */
export default function CommandPalette() {
  const asked = usePaletteAsked();
  const answered = useRef(0);
  useEffect(() => {
    if (asked > answered.current) spotlight.toggle();
    answered.current = asked;
  }, [asked]);
  const [query, setQuery] = useState('');
  const groups = [useFound(query), usePages(query), useActions(query)].filter((group) => group.found.length > 0);
  useFirstChosen(query, groups.flatMap(({ found }) => found.map(({ id }) => id)).join());
  return (
    <Spotlight.Root store={store} query={query} onQueryChange={setQuery} shortcut={null} scrollable maxHeight={420} clearQueryOnClose attributes={{ content: { 'aria-label': 'Find a customer, key, page or action' } }}>
      <Spotlight.Search placeholder="A customer, key, page or action" leftSection={<IconSearch size={17} />} aria-label="Find" />
      <Spotlight.ActionsList {...REACHABLE}>
        {groups.map(({ name, found }) => (
          <Spotlight.ActionsGroup key={name} label={name}>
            {found.map((one) => (
              <Spotlight.Action key={one.id} label={one.label} description={one.note} leftSection={one.icon} onClick={one.run} highlightQuery={false} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>Nothing is called so. Keys are found by their prefix or name.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/**
 * Has Enter open the first of what is shown. What is found comes a moment after it was typed; the palette chooses the first of what it has
 * as it is typed, and nothing afterwards.
 */
function useFirstChosen(query: string, shown: string) {
  useEffect(() => {
    if (query.trim() === '') return;
    for (const action of document.querySelectorAll('[data-action][data-selected]')) action.removeAttribute('data-selected');
    document.querySelector('[data-action]')?.setAttribute('data-selected', 'true');
    store.updateState((state) => ({ ...state, selected: 0 }));
  }, [shown]);
}

const fits = (query: string) => {
  const parts = query.toLowerCase().split(/\s+/).filter(Boolean);
  return (label: string) => parts.every((part) => label.toLowerCase().includes(part));
};

function useFound(query: string): { name: string; found: Found[] } {
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(query.trim(), 120);
  // A whole key has no business in an address: it is looked for by what is displayed of it.
  const q = shownPart(asked);
  const { data, isPlaceholderData } = queries.useQuery('get', '/api/admin/search', { params: { query: { q } } }, { enabled: q.length > 0, refetchInterval: false });
  // Enter opens what was found for the present text, not for the one before.
  if (!data || isPlaceholderData || asked !== query.trim() || q.length === 0) return { name: 'Found', found: [] };
  const open = (customer: string, tab?: string, search: Record<string, string> = {}) => () =>
    void navigate({ to: '/customers/$customer/{-$tab}', params: { customer, tab } as never, search: search as never });
  return {
    name: 'Found',
    found: [
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

function usePages(query: string): { name: string; found: Found[] } {
  const navigate = useNavigate();
  const may = useMay();
  const here = useParams({ strict: false }) as Here;
  const fit = fits(query);
  const offered = pages.filter((page) => page.right === undefined || may(page.right));
  const places: Place[] = [
    ...offered.flatMap(({ entry }) => (entry ? [{ label: entry.label, to: entry.to }] : [])),
    // The parts of pages are many: they are found, not listed. Those of the customer one is at are near.
    ...offered.flatMap((page) => page.places?.(here) ?? []).filter((place) => query.trim() !== '' || place.params?.customer !== undefined),
  ];
  return {
    name: 'Pages',
    found: places
      .filter(({ label, right }) => (right === undefined || may(right)) && fit(label))
      .map(({ label, to, params }) => ({
        id: label,
        label,
        icon: <IconArrowRight size={16} />,
        run: () => void navigate({ to, params: params as never }),
      })),
  };
}

function useActions(query: string): { name: string; found: Found[] } {
  const navigate = useNavigate();
  const may = useMay();
  const { setColorScheme } = useMantineColorScheme();
  const at = useParams({ strict: false }) as Here;
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const fit = fits(query);
  const here = [
    { label: `Show in ${other} colours`, run: () => setColorScheme(other) },
    { label: 'Show keyboard shortcuts', run: showShortcuts },
  ];
  const ofPages = pages
    .flatMap((page) => page.actions?.(at) ?? [])
    .filter((action) => action.right === undefined || may(action.right))
    .map(({ label, to, params, search }) => ({ label, run: () => void navigate({ to, params: params as never, search: (search ?? {}) as never }) }));
  return {
    name: 'Actions',
    found: [...ofPages, ...here]
      .filter((action) => fit(action.label))
      .map((action) => ({
        id: action.label,
        label: action.label,
        icon: <IconBolt size={16} />,
        run: () => {
          spotlight.close();
          action.run();
        },
      })),
  };
}
