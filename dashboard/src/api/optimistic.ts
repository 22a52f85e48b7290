import type { QueryClient } from '@tanstack/react-query';

type Listing<Row> = { data: readonly Row[] };

/**
 * Shows a change of a listing's row before the server has answered, wherever that listing is shown, and takes it back when the
 * server refuses. `change` answers the row as it will be; null takes it out of the listing.
 */
export async function optimistically<Row, Answer>(
  client: QueryClient,
  path: string,
  change: (row: Row) => Row | null,
  act: () => Promise<Answer>,
): Promise<Answer> {
  const listings = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[1] === path };
  // What is under way would be older than the change.
  await client.cancelQueries(listings);
  const before = client.getQueriesData<Listing<Row>>(listings);
  for (const [key, listing] of before) {
    if (listing) client.setQueryData<Listing<Row>>(key, { ...listing, data: listing.data.map(change).filter((row) => row !== null) });
  }
  try {
    return await act();
  } catch (error) {
    for (const [key, listing] of before) client.setQueryData(key, listing);
    throw error;
  }
}
