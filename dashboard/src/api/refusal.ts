import { fieldErrors, problemOf } from './problem';

/** A field that names a customer, where no customer is called so; as the API says it of filters. */
const NO_CUSTOMER = 'is not a customer’s UUID or customerId';

/**
 * What the server refused, by the form's fields; null when it named none of them, and the whole is to be shown.
 * An element of a list (`/modules/1`) counts for its list. `customer` is the field whose value stands in the asked address: a customer
 * who isn't there is a 404, which names no field.
 */
export function refusedFields(error: unknown, fields: readonly string[], customer?: string): Record<string, string> | null {
  const problem = problemOf(error);
  if (customer !== undefined && problem.type === '/problems/not-found') return { [customer]: NO_CUSTOMER };
  const refused: Record<string, string> = {};
  for (const [path, message] of Object.entries(fieldErrors(problem))) {
    const field = path.split('.')[0] ?? path;
    if (!fields.includes(field)) return null;
    refused[field] = refused[field] ? `${refused[field]}; ${message}` : message;
  }
  return Object.keys(refused).length > 0 ? refused : null;
}
