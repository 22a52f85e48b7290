/** What requests can be filtered by, under the API's names. */
export const FILTERS = {
  customer: 'Customer',
  api_key_id: 'Key',
  method: 'Method',
  endpoint: 'Route',
  status_code: 'Status',
  outcome: 'Outcome',
  module: 'Module',
} as const;

export type FilterName = keyof typeof FILTERS;
export type Filter = Partial<Record<FilterName, string>>;
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

/** By what requests can be put together. */
export const GROUPS = {
  all: 'All',
  customer: 'Customer',
  api_key: 'Key',
  route: 'Route',
  module: 'Module',
  status: 'Status',
  outcome: 'Outcome',
} as const;

export type GroupName = keyof typeof GROUPS;

/** The filter that shows only this group; null for what can't be asked for. */
export function filterOf(by: GroupName, key: string | null): Filter | null {
  if (key === null || key === '' || by === 'all') return null;
  if (by === 'customer') return { customer: key };
  if (by === 'api_key') return { api_key_id: key };
  if (by === 'status') return { status_code: Number(key) as unknown as string };
  if (by === 'route') {
    const [method = '', endpoint = ''] = key.split(' ', 2);
    return { method, endpoint };
  }
  return { [by]: key };
}
