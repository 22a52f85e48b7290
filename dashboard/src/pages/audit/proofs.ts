import { useMutationState } from '@tanstack/react-query';
import type { Schema } from '@/api/client';

/** Under what the proofs are kept that were made since the page was loaded. */
export const PROOFS = ['chain-proof'];

/** Why a row is the one at which a chain breaks, if a proof has found that it is. */
export function useBrokenAt(id: string): string | undefined {
  const proofs = useMutationState({
    filters: { mutationKey: PROOFS, status: 'success' },
    select: (mutation) => mutation.state.data as Schema<'VerificationView'> | undefined,
  });
  return proofs.findLast((proof) => proof?.first_bad?.id === id)?.first_bad?.reason;
}
