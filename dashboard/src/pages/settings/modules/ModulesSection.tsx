import { Button } from '@mantine/core';
import { queries, type Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { type Column, DataTable } from '@/ui/DataTable';
import { money } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { useAskedAct } from '@/ui/useAskedAct';
import classes from '../Settings.module.css';
import { openPriceChoice } from './ChoosePrice';
import { openModule } from './EditModule';
import { Plans } from './Plans';

type Module = Schema<'FeatureModuleView'>;

const COLUMNS: readonly Column<Module>[] = [
  {
    id: 'module',
    header: 'Module',
    cell: (row) => (
      <>
        {row.name} <code className={classes.key}>{row.module_key}</code>
        <span className={`${classes.sub} ${classes.described}`}>{row.description}</span>
      </>
    ),
  },
  { id: 'state', header: 'State', cell: (row) => <Status value={row.is_active ? 'active' : 'disabled'} label={row.is_active ? 'Offered' : 'Not offered'} />, wide: true },
  { id: 'default', header: 'By default', cell: (row) => (row.enabled_by_default ? 'On in every plan' : 'As the plan says'), wide: true },
  { id: 'monthly', header: 'A month', align: 'end', cell: (row) => money(row.base_price_monthly, row.currency) },
  { id: 'annual', header: 'A year', align: 'end', cell: (row) => money(row.base_price_annual, row.currency) },
];

const withChange: readonly Column<Module>[] = [
  ...COLUMNS,
  {
    id: 'act',
    header: 'Act',
    align: 'end',
    cell: (row) => (
      <Button size="compact-xs" variant="default" aria-label={`Change ${row.name}`} onClick={() => openModule(row)}>
        Change
      </Button>
    ),
  },
];

/** The price list, and the plans. */
export default function ModulesSection() {
  const mayChange = useMay()('prices:write');
  const query = queries.useQuery('get', '/api/admin/modules');
  const settings = queries.useQuery('get', '/api/admin/settings', {}, { staleTime: 60_000 });
  useAskedAct({ price: mayChange && openPriceChoice });
  return (
    <>
      <Panel title="Price list" note="A customer’s own page turns modules on and off for them" flush>
        <Loaded query={query} lines={10}>
          {({ data }) => <DataTable label="Modules and their prices" columns={mayChange ? withChange : COLUMNS} rows={data} rowKey={(row) => row.module_key} />}
        </Loaded>
      </Panel>
      <Panel title="Plans" note="What is included unless something else was decided for a customer" flush>
        <Loaded query={settings}>{({ plans }) => <Plans plans={plans} modules={query.data?.data ?? []} />}</Loaded>
      </Panel>
    </>
  );
}
