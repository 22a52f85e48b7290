import { UnstyledButton } from '@mantine/core';
import type { Column } from '@/ui/DataTable';
import { When } from '@/ui/When';
import { KeyActs } from './KeyActs';
import { KeyStatus } from './KeyStatus';
import { type Key, type KeyActions, limitOf } from './key';
import classes from './Keys.module.css';
import { permissionsInWords } from './permissions';

type Acts = KeyActions & { open: (key: Key) => void };

/** What stands in the table of keys. */
export const keyColumns = (acts: Acts, mayChange: boolean): Column<Key>[] => [
  {
    id: 'name',
    header: 'Name',
    cell: (key) => (
      <>
        <UnstyledButton className={classes.name} onClick={() => acts.open(key)}>
          {key.name}
        </UnstyledButton>
        <code className={classes.prefix}>{key.prefix}…</code>
      </>
    ),
  },
  { id: 'status', header: 'Status', cell: (key) => <KeyStatus of={key} /> },
  { id: 'permissions', header: 'May do', wide: true, cell: (key) => <span className={classes.cut} title={key.permissions.join(', ')}>{permissionsInWords(key.permissions)}</span> },
  { id: 'limit', header: 'Limit (requests)', align: 'end', wide: true, cell: limitOf },
  { id: 'networks', header: 'From', wide: true, cell: ({ allowed_networks: from }) => <span className={classes.cut} title={from.join(', ')}>{from.length === 0 ? 'Everywhere' : from.join(', ')}</span> },
  { id: 'used', header: 'Last used', cell: (key) => <When at={key.last_used_at} empty="Never" /> },
  { id: 'made', header: 'Made', wide: true, cell: (key) => <When at={key.created_at} /> },
  ...(mayChange ? [{ id: 'acts', header: 'Actions', align: 'end' as const, cell: (key: Key) => <KeyActs of={key} {...acts} /> }] : []),
];
