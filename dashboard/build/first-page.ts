import type { Plugin } from 'vite';

/** What is asked before the program is there. It imports nothing of the program, which takes the answers from it. */
const EARLY = /\/src\/(early\/|ui\/spans\.ts|pages\/home\/questions\.ts)/;

/** How the program is cut: what is asked early, what every page needs, what the overview needs besides, and the rest page by page. */
export const groups = [
  { name: 'early', test: EARLY, priority: 3 },
  { name: 'frame', tags: ['$initial' as const], priority: 2 },
  { name: 'overview', test: /\/src\/pages\/home\//, priority: 1 },
];

/**
 * Has the browser run what asks early as soon as it is there, and fetch the overview's parts while it reads the frame, and the letters of
 * both: the overview is what most come for, and else the browser would learn of its parts only when the frame runs.
 */
export function firstPage(): Plugin {
  return {
    name: 'first-page',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const files = Object.values(bundle ?? {});
        const named = (pattern: RegExp) => files.filter(({ fileName }) => pattern.test(fileName));
        const tag = (tag: string, at: 'href' | 'src', attrs: Record<string, string | boolean>) => (file: { fileName: string }) =>
          ({ tag, attrs: { ...attrs, crossorigin: true, [at]: `/admin/${file.fileName}` }, injectTo: 'head' as const });
        const early = named(/\/early-[^/]*\.js$/);
        for (const chunk of early) {
          // It would wait for what it imports.
          if (chunk.type === 'chunk' && chunk.imports.length > 0) throw new Error(`what asks early imports ${chunk.imports.join(', ')}`);
        }
        return [
          ...early.map((file) => ({ ...tag('script', 'src', { type: 'module', async: true })(file), injectTo: 'head-prepend' as const })),
          ...named(/ibm-plex-sans-latin-wght-normal.*\.woff2$/).map(tag('link', 'href', { rel: 'preload', as: 'font', type: 'font/woff2' })),
          ...named(/\/(overview|Lines)-[^/]*\.js$/).map(tag('link', 'href', { rel: 'modulepreload' })),
          ...named(/\/(overview|Lines)-[^/]*\.css$/).map(tag('link', 'href', { rel: 'preload', as: 'style' })),
        ];
      },
    },
  };
}
