import { useNavigate, useSearch } from '@tanstack/react-router';

/** What stands in the page's address behind the question mark, as texts, and how to change some of it. */
export function useAddress<Name extends string>(...names: readonly Name[]) {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const values: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = search[name];
    // A number in an address is a text to us: a customer may be called 42.
    if (typeof value === 'string' ? value !== '' : typeof value === 'number') values[name] = String(value);
  }
  /**
   * What is given as undefined, null or an empty text leaves the address. With `quietly` no step of the browser's history is made: what
   * was opened over the page is closed so, and no step back opens it again.
   */
  const change = (changes: Partial<Record<Name, string | null | undefined>>, quietly = false) => {
    const given = Object.entries(changes).map(([name, value]) => [name, value || undefined]);
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) => ({ ...before, ...Object.fromEntries(given) })) as never,
      replace: quietly,
      // The page stays where it is: what is chosen is on it, or over it.
      resetScroll: false,
    });
  };
  return [values, change] as const;
}
