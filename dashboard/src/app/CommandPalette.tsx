import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { createSpotlight, Spotlight, useSpotlight } from '@mantine/spotlight';
import { IconArrowRight, IconBolt, IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { queries } from '@/api/client';
import type { Operation } from '@/api/useOperation';
import { pages } from '@/navigation';
import { useMay } from '@/session/session';
import { exactTimes } from '@/ui/exactTimes';
import { useLayer } from '@/ui/layers';
import { fits } from './asked';
import type { Action, Here, Place } from './page';
import { usePaletteAsked } from './palette';
import { showShortcuts } from './shortcuts';
import { type Found, ofCustomer, useFound, wordsOf } from './useFound';
import { useSignOut } from './useSignOut';

const [store, spotlight] = createSpotlight();

/** A line of the palette. */
export type Line = { id: string; label: string; note?: string; icon: React.ReactNode; run: () => void };

type Group = { name: string; lines: Line[] };

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
  useLayer(useSpotlight(store).opened, spotlight.close);
  const [query, setQuery] = useState('');
  const found = useFound(query);
  const acts = useActsWith(found);
  const who = { name: 'Found', lines: found.lines };
  // Of “suspend acme”, suspending is meant before looking at them.
  const [here, anywhere] = [usePages(query), useActions(query)];
  const ordered = found.act === '' ? [who, here, anywhere, acts] : [acts, who, here, anywhere];
  const groups = once(ordered).filter(({ lines }) => lines.length > 0);
  useFirstChosen(query, groups.flatMap(({ lines }) => lines.map(({ id }) => id)).join());
  return (
    <Spotlight.Root store={store} query={query} onQueryChange={setQuery} shortcut={null} scrollable maxHeight={420} clearQueryOnClose closeOnEscape={false} returnFocus={false} attributes={{ content: { 'aria-label': 'Find a customer, key, page or action' } }}>
      <Spotlight.Search placeholder="A customer, key, page or action" leftSection={<IconSearch size={17} />} aria-label="Find" />
      <Spotlight.ActionsList {...REACHABLE}>
        {groups.map(({ name, lines }) => (
          <Spotlight.ActionsGroup key={name} label={name}>
            {lines.map((one) => (
              <Spotlight.Action key={one.id} label={one.label} description={one.note} leftSection={one.icon} onClick={one.run} highlightQuery={false} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>Nothing is called so. Keys are found by their prefix or name.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** Each line where it stands first: what can be done with the customer one is at may have been found as well. */
function once(groups: readonly Group[]): Group[] {
  const shown = new Set<string>();
  const isFirst = ({ id }: Line) => !shown.has(id) && shown.add(id);
  return groups.map(({ name, lines }) => ({ name, lines: lines.filter(isFirst) }));
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

/** What the present address names; only an operation's page has an `id` in it. */
function useHere(): Here {
  const { customer, id } = useParams({ strict: false }) as { customer?: string; id?: string };
  const client = useQueryClient();
  const { queryKey } = queries.queryOptions('get', '/api/admin/operations/{id}', { params: { path: { id: id ?? '' } } });
  // The page that shows it has asked for it.
  return { customer, operation: id === undefined ? undefined : client.getQueryData<Operation>(queryKey) };
}

/** Goes to a place, or fetches what is a file; nothing is done before the page has asked. */
function useRun(): (one: Place | Action) => () => void {
  const navigate = useNavigate();
  return (one) => () => {
    if ('file' in one && one.file !== undefined) return take(one.file);
    void navigate({ to: one.to, params: one.params as never, search: (('search' in one && one.search) || {}) as never });
  };
}

/** Has the browser fetch a file by itself, as a link to it would. */
function take(address: string) {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  link.click();
}

/** What can be done with the customers who were found: what was asked for, with each; everything, if it is only one. */
function useActsWith({ customers, act }: Found): Group {
  const may = useMay();
  const run = useRun();
  const here = useHere();
  const fit = fits(act);
  const meant = act !== '' || customers.length === 1 ? customers : [];
  const lines = meant.flatMap(({ name, company }) =>
    ofCustomer(name)
      // Those of the customer one is at stand among the pages and actions when nothing of theirs was asked for.
      .filter((one) => (act !== '' || name !== here.customer) && (one.right === undefined || may(one.right)) && fit(`${wordsOf(one)} ${company}`))
      .map((one) => ({ id: one.label, label: one.label, note: company, icon: 'search' in one || 'file' in one ? <IconBolt size={16} /> : <IconArrowRight size={16} />, run: run(one) })),
  );
  return { name: 'With who was found', lines };
}

function usePages(query: string): Group {
  const run = useRun();
  const may = useMay();
  const here = useHere();
  const fit = fits(query);
  const offered = pages.filter((page) => page.right === undefined || may(page.right));
  const places: Place[] = [
    ...offered.flatMap(({ entry }) => (entry ? [{ label: entry.label, to: entry.to }] : [])),
    // The parts of pages are many: they are found, not listed. Those of the customer one is at are near.
    ...offered.flatMap((page) => page.places?.(here) ?? []).filter((place) => query.trim() !== '' || place.params?.customer !== undefined),
  ];
  return {
    name: 'Pages',
    lines: places
      .filter(({ label, right }) => (right === undefined || may(right)) && fit(label))
      .map((place) => ({ id: place.label, label: place.label, icon: <IconArrowRight size={16} />, run: run(place) })),
  };
}

function useActions(query: string): Group {
  const run = useRun();
  const may = useMay();
  const { setColorScheme } = useMantineColorScheme();
  const at = useHere();
  const signOut = useSignOut();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const fit = fits(query);
  const isExact = exactTimes.use();
  const here = [
    { label: `Show in ${other} colours`, also: 'theme mode', run: () => setColorScheme(other) },
    { label: isExact ? 'Show times as one speaks of them' : 'Show times to the second', also: 'exact relative ago', run: () => exactTimes.choose(!isExact) },
    { label: 'Show keyboard shortcuts', also: 'help', run: showShortcuts },
    { label: 'Sign out', also: 'log off', run: signOut },
  ];
  const ofPages = pages
    .flatMap((page) => page.actions?.(at) ?? [])
    .filter((action) => action.right === undefined || may(action.right))
    .map((action) => ({ label: action.label, also: action.also, run: run(action) }));
  return {
    name: 'Actions',
    lines: [...ofPages, ...here]
      .filter(({ label, also = '' }) => fit(`${label} ${also}`))
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
