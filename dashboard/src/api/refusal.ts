import { fieldErrors, problemOf } from './problem';

/**
 * What the server refused, by the form's fields; null when it named none of them, and the whole is to be shown.
 * An element of a list (`/modules/1`) counts for its list.
 */
export function refusedFields(error: unknown, fields: readonly string[]): Record<string, string> | null {
  const refused: Record<string, string> = {};
  for (const [path, message] of Object.entries(fieldErrors(problemOf(error)))) {
    const field = path.split('.')[0] ?? path;
    if (!fields.includes(field)) return null;
    refused[field] = refused[field] ? `${refused[field]}; ${message}` : message;
  }
  return Object.keys(refused).length > 0 ? refused : null;
}
