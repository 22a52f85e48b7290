import type { QueryClient } from '@tanstack/react-query';

type Page<Row> = { data: readonly Row[] };

/** A listing, whatever its filters and pages: its path, and what stands for the path's parameters. */
export type Listing = { path: string; of?: Readonly<Record<string, string>> };

/**
 * Shows a change of a listing's row before the server has answered, wherever that listing is shown, and takes it back when the
 * server refuses. `change` answers the row as it will be; null takes it out of the listing.
 */
export async function optimistically<Row, Answer>(
  client: QueryClient,
  listing: Listing,
  change: (row: Row) => Row | null,
  act: () => Promise<Answer>,
): Promise<Answer> {
  const shown = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => isOf(listing, queryKey) };
  // What is under way would be older than the change.
  await client.cancelQueries(shown);
  const before = client.getQueriesData<Page<Row>>(shown);
  for (const [key, page] of before) {
    if (page) client.setQueryData<Page<Row>>(key, { ...page, data: page.data.map(change).filter((row) => row !== null) });
  }
  try {
    return await act();
  } catch (error) {
    for (const [key, page] of before) client.setQueryData(key, page);
    // What was under way may have been newer than what is shown again.
    void client.invalidateQueries(shown);
    throw error;
  }
}

// The path alone would be the listings of all customers.
function isOf({ path, of = {} }: Listing, [, asked, options]: readonly unknown[]): boolean {
  if (asked !== path) return false;
  const has = (options as { params?: { path?: Record<string, unknown> } } | undefined)?.params?.path ?? {};
  const names = new Set([...Object.keys(of), ...Object.keys(has)]);
  return [...names].every((name) => of[name] === has[name]);
}
