const HERE = 'sixty-signed-in';

/** Keeps whether somebody is signed in here, for the next time that the dashboard is opened. */
export const remember = (isHere: boolean) => (isHere ? localStorage.setItem(HERE, '1') : localStorage.removeItem(HERE));

/**
 * Asks who is signed in; null when nobody is. Whoever was here before most likely still is; a stranger is told from the cookie that they
 * don't have, so that nothing is refused.
 */
export async function askWho<Answer>(ask: { hasSession: () => Promise<boolean>; session: () => Promise<Answer> }): Promise<Answer | null> {
  if (localStorage.getItem(HERE) === null && !(await ask.hasSession())) return null;
  return ask.session();
}
