import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { many, NOTHING } from '@/ui/format';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { OLD } from './old';
import { providerName } from './providerNames';

type Key = Schema<'MasterKeyView'>;

/** The master keys, with their age and what they wrap. */
export function MasterKeys({ secrets }: { secrets: Schema<'SecretsView'> }) {
  const mayWrite = useMay()('secrets:write');
  const client = useQueryClient();
  const retire = (key: Key) =>
    confirm({
      title: `Retire the master key ${key.id}`,
      consequences: ['Nothing is ever wrapped with it again.', 'Keep it in a safe for as long as there are backups of the admin database from before: they need it.'],
      word: key.id,
      act: 'Retire the key',
      run: async () => {
        const after = await taken(api.POST('/api/admin/secrets/retirements', { body: { key_id: key.id } }));
        client.setQueryData(['get', '/api/admin/secrets', {}], after);
        await client.invalidateQueries({ queryKey: ['get', '/api/admin/secrets'] });
      },
    });
  const columns: Column<Key>[] = [
    { id: 'id', header: 'Key', cell: (row) => <code className={classes.id}>{row.id}</code> },
    { id: 'state', header: 'State', cell: (row) => <Status value={row.state} tone={row.state === 'previous' ? 'info' : undefined} label={STATES[row.state]} /> },
    { id: 'where', header: 'Where', cell: (row) => providerName(row.provider), wide: true },
    { id: 'away', header: 'Within reach', cell: (row) => (row.available ? <Status value="ok" label="Yes" /> : <Status value={row.state === 'retired' ? 'unknown' : 'away'} label="No" />), wide: true },
    { id: 'wraps', header: 'Wraps', align: 'end', cell: (row) => many(row.data_keys, 'data key'), wide: true },
    { id: 'age', header: 'In use for', align: 'end', cell: (row) => <Age days={row.age_days} isActive={row.state === 'active'} /> },
    { id: 'since', header: 'Since', cell: (row) => <When at={row.activated_at} />, wide: true },
    ...(mayWrite && secrets.master_keys.some(({ state }) => state === 'previous')
      ? [
          {
            id: 'act',
            header: 'Act',
            align: 'end' as const,
            cell: (row: Key) =>
              row.state === 'previous' && (
                <Button size="compact-xs" variant="default" disabled={row.data_keys > 0} title={row.data_keys > 0 ? 'It still wraps data keys: rotate first' : undefined} onClick={() => retire(row)}>
                  Retire
                </Button>
              ),
          },
        ]
      : []),
  ];
  return (
    <DataTable
      label="List of master keys"
      columns={columns}
      rows={secrets.master_keys}
      rowKey={(row) => row.id}
      empty={<Empty title="No master key is configured">Without one nothing can be sealed. Set SIXTY_MASTER_KEY_FILE, Vault or AWS KMS; the guide of secrets says how.</Empty>}
    />
  );
}

const STATES: Record<string, string> = { active: 'Wraps new ones', previous: 'Opens only', retired: 'Retired', unused: 'Never used' };

/** How old a key is. Only of the one that wraps new keys is it too old. */
function Age({ days, isActive }: { days: number | null | undefined; isActive: boolean }) {
  if (days == null) return <span>{NOTHING}</span>;
  const text = many(days, 'day');
  return isActive && days >= OLD ? <Status value="overdue" label={`${text}: rotate`} /> : <span>{days === 0 ? 'Under a day' : text}</span>;
}
