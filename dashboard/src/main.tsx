import '@fontsource-variable/ibm-plex-sans/wght.css';
import '@fontsource/ibm-plex-mono/latin-400.css';
import '@mantine/core/styles/default-css-variables.layer.css';
import '@mantine/core/styles/baseline.layer.css';
import '@mantine/core/styles/global.layer.css';
import '@/theme/tokens.css';
import '@/theme/base.css';
import { createRoot } from 'react-dom/client';
import { watchPresence } from '@/api/presence';
import { App } from '@/app/App';
import { noteMissing } from '@/ui/missingParts';

// A page that was opened before the server was renewed misses its scripts: the new page has them. Once; what is missing
// then is an error like another.
window.addEventListener('vite:preloadError', (event) => {
  noteMissing(event.payload);
  const before = Number(sessionStorage.getItem('reloaded') ?? 0);
  if (Date.now() - before < 60_000) return;
  sessionStorage.setItem('reloaded', String(Date.now()));
  event.preventDefault();
  window.location.reload();
});

watchPresence();

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
