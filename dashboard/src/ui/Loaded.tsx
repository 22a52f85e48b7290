import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { problemOf } from '@/api/problem';
import { AsOf } from './AsOf';
import { Failure } from './Failure';
import classes from './states.module.css';

type Query<Data> = { data: Data | undefined; error: unknown; dataUpdatedAt: number; refetch: () => unknown };

/** What was asked for, once it is there; else how it stands. Data that was there before an error goes on being shown, with its age. */
export function Loaded<Data>({ query, lines = 3, children }: { query: Query<Data>; lines?: number; children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        <AsOf query={query} />
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <Failure problem={problemOf(query.error)} retry={() => void query.refetch()} />;
  return (
    <div className={classes.lines} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={14} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </div>
  );
}
