import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '@/api/client';
import { colourOf } from '@/ui/Chart';
import { type Column, DataTable } from '@/ui/DataTable';
import { bytes, count, milliseconds, share } from '@/ui/format';
import { Hint } from '@/ui/Hint';
import { failing } from '@/ui/usage/totals';
import { GROUPS } from '@/api/usageGroups';
import { narrowed, whyNot } from './search';
import classes from './Usage.module.css';
import type { Usage } from './useUsage';

type Data = Schema<'SeriesView'>;
type Row = Data['groups'][number] & { place: number };
type GroupsTableProps = { series: { data: Data | undefined; isPlaceholderData: boolean; error: unknown }; usage: Usage };

/** Each group in numbers. Choosing one shows it alone. */
export function GroupsTable({ series, usage: { by, change, top } }: GroupsTableProps) {
  const { data } = series;
  if (series.error && !data) return null;
  const all = Math.max(1, data?.total.requests ?? 0);
  const number = (id: string, header: string, cell: (row: Row) => React.ReactNode, wide = false): Column<Row> => ({ id, header, cell, align: 'end', wide });
  const columns: Column<Row>[] = [
    { id: 'label', header: GROUPS[by], cell: (row) => <Name row={row} by={by} top={top} /> },
    number('requests', 'Requests', ({ total }) => count(total.requests)),
    number('share', 'Share', ({ total }) => share(total.requests / all), true),
    number('failed', 'Errors', ({ total }) => count(total.failed), true),
    number('rate', 'Error rate', ({ total }) => share(failing(total))),
    number('p50', 'p50', ({ total }) => milliseconds(total.p50_response_time_ms), true),
    number('p95', 'p95', ({ total }) => milliseconds(total.p95_response_time_ms)),
    number('p99', 'p99', ({ total }) => milliseconds(total.p99_response_time_ms), true),
    number('sent', 'Sent', ({ total }) => bytes(total.response_size_bytes), true),
  ];
  return (
    <DataTable
      label={`Requests by ${GROUPS[by].toLowerCase()}`}
      columns={columns}
      rows={data?.groups.filter((group) => group.total.requests > 0).map((group, place) => ({ ...group, place }))}
      rowKey={(row) => row.key ?? 'others'}
      stale={series.isPlaceholderData}
      onOpen={(row) => {
        const to = narrowed(by, row.key, top);
        if (to) change(to);
      }}
      empty={<></>}
    />
  );
}

function Name({ row, by, top }: { row: Row; by: Usage['by']; top: number }) {
  const to = narrowed(by, row.key, top);
  const colour = colourOf({ tone: row.key === null ? 'rest' : undefined }, row.place);
  return (
    <span className={classes.name} style={{ '--mark': colour } as React.CSSProperties}>
      {to ? (
        <Anchor component={Link} to="." search={to as never} resetScroll={false} inherit>
          {row.key === null ? 'Others: tell more of them apart' : row.label}
        </Anchor>
      ) : (
        <Hint label={whyNot(by, row.key)} wide>
          <span tabIndex={0}>{row.label}</span>
        </Hint>
      )}
    </span>
  );
}
