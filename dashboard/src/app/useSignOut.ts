import { api } from '@/api/client';
import { useSessionChange } from '@/session/session';
import { complain } from '@/ui/notify';

/** Ends the session of this browser. */
export function useSignOut(): () => void {
  const { ended } = useSessionChange();
  const signOut = async () => {
    const { error, response } = await api.DELETE('/api/admin/session');
    if (error && response.status !== 401) return complain(error);
    ended();
  };
  return () => void signOut();
}
