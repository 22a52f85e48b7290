import type { Plugin } from 'vite';

/** How the program is cut: what every page needs, what the overview needs besides, and the rest page by page. */
export const groups = [
  { name: 'frame', tags: ['$initial' as const], priority: 2 },
  { name: 'overview', test: /\/src\/pages\/home\//, priority: 1 },
];

/**
 * Has the browser fetch the overview's parts while it reads the frame, and the letters of both: it is what most come for, and
 * else it would learn of them only when the frame runs.
 */
export function firstPage(): Plugin {
  return {
    name: 'first-page',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const files = Object.keys(bundle ?? {});
        const letters = files.filter((file) => /ibm-plex-sans-latin-wght-normal.*\.woff2$/.test(file));
        const scripts = files.filter((file) => /\/overview-[^/]*\.js$/.test(file));
        const sheets = files.filter((file) => /\/overview-[^/]*\.css$/.test(file));
        const link = (attrs: Record<string, string | boolean>) => ({ tag: 'link', attrs, injectTo: 'head' as const });
        return [
          ...letters.map((file) => link({ rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `/admin/${file}` })),
          ...scripts.map((file) => link({ rel: 'modulepreload', crossorigin: true, href: `/admin/${file}` })),
          ...sheets.map((file) => link({ rel: 'preload', as: 'style', crossorigin: true, href: `/admin/${file}` })),
        ];
      },
    },
  };
}
