import { api } from '@/api/client';
import { useSessionChange } from '@/session/session';
import { complain } from '@/ui/notify';

/** Ends the session of this browser. When it can't be ended it goes on, and that is said. */
export function useSignOut(): () => void {
  const { ended } = useSessionChange();
  return () => void endSession(() => api.DELETE('/api/admin/session')).then(ended, complain);
}

/** Has the server end the session, and throws why it didn't: whatever says nothing of it (a lost answer, a 503) leaves the cookie what it was. */
export async function endSession(ask: () => Promise<{ error?: unknown; response: Response }>) {
  const { error, response } = await ask();
  // It doesn't know the session: that is as good as ended.
  if (response.ok || response.status === 401) return;
  throw error || new Error(`The server answered with ${response.status}. You are still signed in.`);
}
