import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

/**
 * A link of a row, in a table of many: it leads where Link does, and costs nothing while the address changes, which each Link
 * watches. `to` is an address of the dashboard, such as `/customers/acme`.
 */
export function RowLink({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  const router = useRouter();
  const go = (event: MouseEvent) => {
    // A new tab or window is the browser's business.
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ to });
  };
  return (
    <a href={`${router.basepath}${to}`} className={className} onClick={go}>
      {children}
    </a>
  );
}
