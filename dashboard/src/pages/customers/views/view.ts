import type { QueryClient } from '@tanstack/react-query';
import type { Schema } from '@/api/client';
import { type CustomersSearch, customersSearch } from '../search';

/** The table as somebody wants to see it again. */
export type View = Schema<'SavedViewView'>;

/** The listing of the views. */
export const VIEWS = '/api/admin/saved-views';

/** The page's name among the views. */
export const PAGE = 'customers';

/** A search as a view keeps it; the same for the same search. */
export const queryOf = (search: CustomersSearch): string =>
  new URLSearchParams(Object.entries(customersSearch(search)).sort(([one], [other]) => one.localeCompare(other)) as [string, string][]).toString();

/** The search of a view. */
export const searchOf = ({ query }: Pick<View, 'query'>): CustomersSearch => customersSearch(Object.fromEntries(new URLSearchParams(query)));

/** Has the views asked for again. */
export const viewsChanged = (client: QueryClient) => void client.invalidateQueries({ queryKey: ['get', VIEWS] });
