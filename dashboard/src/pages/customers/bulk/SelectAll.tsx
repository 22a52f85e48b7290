import { Button } from '@mantine/core';
import { count } from '@/ui/format';
import type { Customer } from '../customer';
import type { filterOf } from '../search';
import type { CustomersFound } from '../useCustomers';
import { hasMore, MOST, selectAllLabel } from './offer';
import { useSelectAll } from './useSelectAll';

type SelectAllProps = {
  filter: ReturnType<typeof filterOf>;
  query: CustomersFound['query'];
  selected: ReadonlyMap<string, Customer>;
  add: (found: readonly Customer[]) => void;
};

/** Selects those whom the other pages have as well, once all of this page is selected. */
export function SelectAll({ filter, query: { data, isPlaceholderData }, selected, add }: SelectAllProps) {
  const { fetched, isDone, run, stop } = useSelectAll(filter, add);
  if (data === undefined || isPlaceholderData) return null;
  if (fetched !== undefined) {
    return (
      <>
        <span role="status">
          {count(fetched)} of {count(Math.min(data.total, MOST))} are found
        </span>
        <Button variant="subtle" size="compact-xs" onClick={stop}>
          Stop
        </Button>
      </>
    );
  }
  if (isDone) return data.total > MOST ? <span>The filter finds {count(data.total)}; no more than {count(MOST)} are acted on at once</span> : null;
  if (!hasMore(data, selected)) return null;
  return (
    <Button variant="subtle" size="compact-xs" onClick={() => run(data.total)}>
      {selectAllLabel(data.total)}
    </Button>
  );
}
