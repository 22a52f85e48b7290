import { Switch } from '@mantine/core';
import { useMay } from '@/session/session';
import type { Column } from '@/ui/DataTable';
import { money, NOTHING } from '@/ui/format';
import type { Customer } from '../customer';
import { ModuleMenu } from './ModuleMenu';
import classes from './Modules.module.css';
import { openChange } from './openChange';
import type { Held } from './useModules';
import { Used } from './Used';
import { Why } from './Why';

/** The columns of the table of modules. */
export function useColumns(customer: Customer): Column<Held>[] {
  const may = useMay()('modules:write');
  return [
    {
      id: 'module',
      header: 'Module',
      cell: (module) => (
        <div className={classes.module}>
          <strong>{module.name}</strong>
          <span>{module.listed?.description}</span>
          <div className={classes.narrow}>
            <Why module={module} />
            <Used module={module} unit />
          </div>
        </div>
      ),
    },
    {
      id: 'on',
      header: 'On',
      cell: (module) => (
        <Switch
          size="xs"
          checked={module.enabled}
          disabled={!may || module.source === 'always'}
          aria-label={module.name}
          label={module.enabled ? 'On' : 'Off'}
          onChange={() => openChange(customer, module, !module.enabled)}
        />
      ),
    },
    { id: 'why', header: 'Why', wide: true, cell: (module) => <Why module={module} /> },
    {
      id: 'used',
      header: 'Requests',
      align: 'end',
      wide: true,
      cell: (module) => <Used module={module} />,
    },
    {
      id: 'price',
      header: 'List price, month',
      align: 'end',
      wide: true,
      cell: ({ listed }) => (listed ? money(listed.base_price_monthly, listed.currency) : NOTHING),
    },
    { id: 'more', header: 'More', align: 'end', cell: (module) => may && <ModuleMenu customer={customer} module={module} /> },
  ];
}
