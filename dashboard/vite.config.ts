import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { firstPage, groups } from './build/first-page.ts';
import { mantineCss } from './build/mantine-css.ts';

// `npm run dev` serves the pages with hot reload and sends what they ask to a running server.
const server = process.env.SIXTY_URL ?? 'http://localhost:3000';

export default defineConfig({
  base: '/admin/',
  plugins: [react(), mantineCss(), firstPage()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: 3060, proxy: { '/api': { target: server, changeOrigin: false } } },
  build: {
    target: 'es2022',
    sourcemap: false,
    // Small files as files: `data:` fonts would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
});
