type Page = { data: readonly unknown[] };

/** A page of a listing as it is shown: that the one before had no row says nothing of one that is still under way. */
export const shownPage = <Query extends { data: Page | undefined; isPlaceholderData?: boolean }>(query: Query): Query =>
  query.isPlaceholderData && query.data?.data.length === 0 ? { ...query, data: undefined } : query;
