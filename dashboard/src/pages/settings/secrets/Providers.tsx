import type { Schema } from '@/api/client';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count, milliseconds } from '@/ui/format';
import { Status } from '@/ui/Status';
import classes from '../Settings.module.css';
import { providerName } from './providerNames';

// Two of one kind, a file and a variable, are told apart by their place only.
type Row = Schema<'ProviderView'> & { place: number };

const COLUMNS: readonly Column<Row>[] = [
  { id: 'where', header: 'Where', cell: ({ provider }) => providerName(provider) },
  { id: 'state', header: 'State', cell: ({ status }) => <Status value={status} label={status === 'ok' ? 'Answers' : 'Away'} /> },
  { id: 'keys', header: 'Keys', align: 'end', cell: ({ keys }) => count(keys) },
  // Of one that is away it is how long it took to find out.
  { id: 'took', header: 'Answered in', align: 'end', cell: ({ answered_in_ms }) => (answered_in_ms < 1 ? 'Under 1 ms' : milliseconds(answered_in_ms)), wide: true },
];
const WRONG: Column<Row> = { id: 'wrong', header: 'What is wrong', cell: ({ error }) => <span className={`${classes.wrap} ${classes.bad} ${classes.breaks}`}>{error}</span> };

/** How each of those fares who hold master keys, as the server sees it that answered. */
export function Providers({ providers }: { providers: readonly Schema<'ProviderView'>[] }) {
  return (
    <DataTable
      label="Holders of master keys"
      columns={providers.some(({ error }) => error) ? [...COLUMNS, WRONG] : COLUMNS}
      rows={providers.map((provider, place) => ({ ...provider, place }))}
      rowKey={({ place }) => String(place)}
      empty={<Empty title="No place of master keys is configured">Set SIXTY_MASTER_KEY_FILE, Vault or AWS KMS; the guide of secrets says how.</Empty>}
    />
  );
}
