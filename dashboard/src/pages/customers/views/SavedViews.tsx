import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { queries } from '@/api/client';
import { useWho } from '@/session/session';
import type { CustomersSearch } from '../search';
import { SaveView } from './SaveView';
import { ViewMenu } from './ViewMenu';
import classes from './Views.module.css';
import { PAGE, queryOf, searchOf } from './view';

type SavedViewsProps = {
  search: CustomersSearch;
  /** The columns that are shown: a view that was kept without any shows these. */
  columns: readonly string[];
};

/** The views that the operator, or another one for all, has kept; and the way to keep this one. */
export function SavedViews({ search, columns }: SavedViewsProps) {
  // A token has no views.
  const hasViews = useWho().data?.credential === 'session';
  const [saving, setSaving] = useState(false);
  const query = queries.useQuery('get', '/api/admin/saved-views', { params: { query: { page: PAGE } } }, { enabled: hasViews });
  const now = queryOf(search);
  const views = query.data?.data ?? [];
  const whole = (one: CustomersSearch) => queryOf({ columns: columns.join(','), ...one });
  const current = views.find((view) => whole(searchOf(view)) === whole(search));
  if (!hasViews || (views.length === 0 && now === '')) return null;
  return (
    <nav className={classes.views} aria-label="Views">
      <ul>
        <li>
          <Link to="/customers" search={{} as never} className={classes.view} activeOptions={{ exact: true }}>
            All
          </Link>
        </li>
        {views.map((view) => (
          <li key={view.id}>
            <Link to="/customers" search={searchOf(view) as never} className={classes.view} activeOptions={{ exact: true }} title={view.is_own ? undefined : `Shared by ${view.owner.name}`}>
              {view.name}
              {view.shared && <span className={classes.shared}>shared</span>}
            </Link>
            {view === current && <ViewMenu view={view} />}
          </li>
        ))}
      </ul>
      {!current && now !== '' && (
        <Button variant="subtle" size="compact-xs" onClick={() => setSaving(true)}>
          Keep this view…
        </Button>
      )}
      {saving && <SaveView query={whole(search)} own={views.filter((view) => view.is_own)} close={() => setSaving(false)} />}
    </nav>
  );
}
