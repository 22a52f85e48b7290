import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';

/** Opens what the address asks for (`?act=suspend`), once: it leaves the address, so that going back doesn't open it anew. */
export function useAskedAct<Name extends string>(acts: Partial<Record<Name, (() => void) | false>>) {
  const { act: asked } = useSearch({ strict: false }) as { act?: string };
  const navigate = useNavigate();
  useEffect(() => {
    const open = asked !== undefined && Object.hasOwn(acts, asked) && acts[asked as Name];
    if (!open) return;
    void navigate({ to: '.', search: ((before: object) => ({ ...before, act: undefined })) as never, replace: true, resetScroll: false });
    open();
  }, [asked]);
}
