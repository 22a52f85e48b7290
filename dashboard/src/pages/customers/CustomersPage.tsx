import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '@/session/session';
import { PageHeader } from '@/ui/PageHeader';
import { Panel } from '@/ui/Panel';
import { singleKeys } from '@/ui/singleKeys';
import { BulkBar } from './bulk/BulkBar';
import { SelectAll } from './bulk/SelectAll';
import { useBulkActs } from './bulk/useBulkActs';
import { ColumnPicker } from './ColumnPicker';
import classes from './Customers.module.css';
import { CustomersTable } from './CustomersTable';
import type { Customer } from './customer';
import { Filters } from './Filters';
import { Glance } from './Glance';
import { csvOf, useCustomersSearch } from './search';
import { useColumns } from './useColumns';
import { useCustomers } from './useCustomers';
import { SavedViews } from './views/SavedViews';

/** All customers: found, filtered, sorted, and acted on, several at once. */
export function CustomersPage() {
  const mayWrite = useMay()('customers:write');
  const { search, change, filter } = useCustomersSearch();
  const { columns, ...choice } = useColumns(search, change);
  const found = useCustomers(search, filter);
  const [selected, select] = useState<ReadonlyMap<string, Customer>>(new Map());
  const acts = useBulkActs();
  const add = (customers: readonly Customer[]) => select((before) => new Map([...before, ...customers.map((one): [string, Customer] => [one.id, one])]));
  const hasKeys = singleKeys.use();
  return (
    <>
      <PageHeader
        title="Customers"
        actions={
          <>
            <ColumnPicker {...choice} />
            <Button component="a" variant="default" href={csvOf(filter)} download leftSection={<IconDownload size={14} />}>
              CSV
            </Button>
            {mayWrite && (
              <Button component={Link} to="/customers/new" aria-keyshortcuts={hasKeys ? 'c' : undefined}>
                Sign a customer up
              </Button>
            )}
          </>
        }
      />
      <SavedViews search={search} columns={choice.chosen} />
      <Glance search={search} change={change} />
      <Panel flush>
        <Filters search={search} change={change} />
        {selected.size > 0 && (
          <BulkBar acts={acts} selected={selected} select={select}>
            <SelectAll filter={filter} query={found.query} selected={selected} add={add} />
          </BulkBar>
        )}
        <CustomersTable found={found} columns={columns} selected={selected} select={acts.length > 0 ? select : undefined} />
      </Panel>
      {hasKeys && (
        <p className={classes.keys}>
          <kbd>j</kbd> <kbd>k</kbd> move through the rows, <kbd>Enter</kbd> opens, <kbd>x</kbd> selects, <kbd>/</kbd> finds
        </p>
      )}
    </>
  );
}
