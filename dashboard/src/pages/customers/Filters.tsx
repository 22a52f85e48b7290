import { Button, Select } from '@mantine/core';
import { queries } from '@/api/client';
import { PLANS } from '@/api/plans';
import { between, words } from '@/ui/format';
import { FilterMenu } from '@/ui/FilterMenu';
import { SPANS } from '@/ui/range';
import classes from './Customers.module.css';
import { STATUSES } from './customer';
import { SearchField } from './SearchField';
import { type CustomersSearch, SIGNED_UP } from './search';

const named = (values: readonly string[]) => values.map((value) => ({ value, label: words(value) }));
const several = (text: string | undefined) => text?.split(',') ?? [];

type FiltersProps = { search: CustomersSearch; change: (next: CustomersSearch, replace?: boolean) => void };

/** Which customers the table shows. */
export function Filters({ search, change }: FiltersProps) {
  const { q, status, plan, module, signed_up, from, until } = search;
  const isFiltered = [q, status, plan, module, signed_up, from].some((value) => value !== undefined);
  const modules = queries.useQuery('get', '/api/admin/modules', {}, { staleTime: 300_000 });
  return (
    <div className={classes.filters} role="search" aria-label="Customers">
      <SearchField value={q ?? ''} change={(next) => change({ q: next || undefined }, true)} />
      <FilterMenu label="Status" options={named(STATUSES)} value={several(status)} change={(next) => change({ status: next.join(',') || undefined })} />
      <FilterMenu label="Plan" options={named(PLANS)} value={several(plan)} change={(next) => change({ plan: next.join(',') || undefined })} />
      <Select
        size="xs"
        w={180}
        aria-label="Module that is on"
        placeholder="Module: any"
        clearable
        searchable
        data={modules.data?.data.map(({ module_key, name }) => ({ value: module_key, label: name })) ?? []}
        value={module ?? null}
        onChange={(next) => change({ module: next ?? undefined })}
      />
      <Select
        size="xs"
        w={from ? 400 : 190}
        maw="100%"
        aria-label="Signed up"
        placeholder={from && until ? `Signed up: ${between(from, until)}` : 'Signed up: any time'}
        clearable
        data={SIGNED_UP.map((value) => ({ value, label: `Signed up: ${SPANS[value].label.toLowerCase()}` }))}
        value={signed_up ?? null}
        onChange={(next) => change({ signed_up: (next ?? undefined) as CustomersSearch['signed_up'], from: undefined, until: undefined })}
      />
      {isFiltered && (
        <Button variant="subtle" onClick={() => change({ q: undefined, status: undefined, plan: undefined, module: undefined, signed_up: undefined, from: undefined, until: undefined })}>
          Clear
        </Button>
      )}
    </div>
  );
}
