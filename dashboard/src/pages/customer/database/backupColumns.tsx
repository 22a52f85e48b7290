import { Button } from '@mantine/core';
import type { Schema } from '@/api/client';
import type { Column } from '@/ui/DataTable';
import { bytes, NOTHING, words } from '@/ui/format';
import { Status } from '@/ui/Status';
import { took } from '@/ui/took';
import { When } from '@/ui/When';

type Row = Schema<'BackupView'>;

/** The columns of the table of backups; without `restore`, none can be restored. */
export const backupColumns = (restore?: (backup: Row) => void): Column<Row>[] => [
  { id: 'at', header: 'Begun', cell: ({ started_at }) => <When at={started_at} /> },
  { id: 'status', header: 'Status', cell: ({ status }) => <Status value={status} /> },
  { id: 'kind', header: 'Made', wide: true, cell: ({ kind }) => (kind === 'manual' ? 'When asked for' : words(kind)) },
  { id: 'size', header: 'Size', align: 'end', cell: ({ size_bytes }) => bytes(size_bytes) },
  { id: 'took', header: 'Took', align: 'end', wide: true, cell: (row) => (row.finished_at ? took(row.started_at, row.finished_at) : NOTHING) },
  { id: 'encrypted', header: 'Encrypted', wide: true, cell: ({ encrypted }) => (encrypted ? 'Yes' : 'No') },
  { id: 'error', header: 'What went wrong', wide: true, cell: ({ error }) => error ?? NOTHING },
  {
    id: 'restore',
    header: 'Actions',
    align: 'end',
    cell: (row) =>
      restore &&
      row.status === 'succeeded' && (
        <Button size="compact-xs" variant="default" onClick={() => restore(row)}>
          Restore
        </Button>
      ),
  },
];
