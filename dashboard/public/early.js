// Asks who is signed in while the browser still reads the program, which takes this for its first answer (src/session/session.ts): null when
// nobody is, and nothing when it couldn't be asked. A stranger is told from the cookie that they don't have, so that nothing is refused.
window.sixtyWho = (async () => {
  if (localStorage.getItem('sixty-signed-in') === null) {
    const ways = await fetch('/api/admin/session/ways');
    if (!ways.ok) return undefined;
    if (!(await ways.json()).has_session) return null;
  }
  return fetch('/api/admin/session');
})().catch(() => undefined);
