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

// What was fetched before anybody wants it may be missing without harm: the `Guard` round what is shown says so.
window.addEventListener('vite:preloadError', ({ payload }) => noteMissing(payload));

watchPresence();

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
