import { Progress } from '@mantine/core';
import type { Schema } from '@/api/client';
import { CustomerLink } from '@/ui/CustomerLink';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { count, share } from '@/ui/format';
import { Status } from '@/ui/Status';
import { took } from '@/ui/took';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';

type Rotation = Schema<'KeyRotationView'>;

/** Rotations with how far they are. */
export function Rotations({ rotations }: { rotations: readonly Rotation[] }) {
  const columns: Column<Rotation>[] = [
    {
      id: 'what',
      header: 'What',
      cell: (row) =>
        row.kind === 'master_key' ? (
          <span className={classes.id}>
            Master key <code>{row.from_key_id}</code> → <code>{row.to_key_id}</code>
          </span>
        ) : (
          <>
            Data key {row.to_version && `version ${row.to_version}`} of{' '}
            {row.customer_uuid ? <CustomerLink inText customer={row.customer_id ?? row.customer_uuid} name={row.customer_name ?? undefined} /> : 'the platform'}
          </>
        ),
    },
    { id: 'status', header: 'Status', cell: (row) => <Status value={row.status} /> },
    { id: 'progress', header: 'Done', cell: (row) => <Done rotation={row} /> },
    { id: 'error', header: 'What stands in the way', cell: (row) => <span className={`${classes.wrap} ${classes.bad}`}>{row.error ?? (row.failed > 0 ? `${count(row.failed)} don’t open` : '')}</span>, wide: true },
    { id: 'created', header: 'Began', cell: (row) => <When at={row.created_at} />, wide: true },
    { id: 'took', header: 'Took', align: 'end', cell: (row) => took(row.created_at, row.finished_at), wide: true },
  ];
  return (
    <DataTable
      label="List of rotations"
      columns={columns}
      rows={rotations}
      rowKey={(row) => row.id}
      empty={<Empty title="Nothing was rotated yet">Rotate the master key once a year, and whenever somebody who knew it leaves.</Empty>}
    />
  );
}

function Done({ rotation }: { rotation: Rotation }) {
  const { done, total, status } = rotation;
  const part = total === 0 ? 1 : done / total;
  return (
    <>
      {count(done)} of {count(total)}
      {status === 'running' && <Progress value={part * 100} size="xs" mt={4} aria-label={`Done: ${share(part)}`} />}
    </>
  );
}
