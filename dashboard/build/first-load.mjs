// How large the first page is: the script and style that a browser fetches for the overview from an empty cache, gzipped. `npm run build`
// fails when it is too much.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** As many bytes as script and style of the first page may have, gzipped. */
const LIMIT = 300_000;
const FILE = /\/admin\/(assets\/[^"']+\.(?:js|css))/g;
// What a chunk imports at once; what it imports later, by `import()`, is no part of the first page.
const IMPORT = /(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g;

/** The files of the first page in this folder: what the page names, the overview's own, and what these import. */
export function firstLoad(folder) {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const named = [...page.matchAll(FILE)].map(([, file]) => file);
  const overview = readdirSync(join(folder, 'assets')).filter((name) => /^overview-[^/]*\.(js|css)$/.test(name)).map((name) => `assets/${name}`);
  if (!overview.some((name) => name.endsWith('.js'))) throw new Error('the overview has no script of its own: how large the first page is can’t be told');
  const files = new Set();
  const add = (file) => {
    if (files.has(file)) return;
    files.add(file);
    if (!file.endsWith('.js')) return;
    for (const [, imported] of readFileSync(join(folder, file), 'utf8').matchAll(IMPORT)) add(`assets/${imported}`);
  };
  for (const file of [...named, ...overview]) add(file);
  return [...files].sort();
}

/** How many bytes they have, gzipped. */
export const sizeOf = (folder, files) => files.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length, 0);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../dist', import.meta.url));
  const files = firstLoad(folder);
  const size = sizeOf(folder, files);
  const says = `the first page: ${files.length} files of script and style, ${size} bytes with gzip of at most ${LIMIT}`;
  if (size > LIMIT) {
    console.error(`${says}\n${files.map((file) => `  ${file}: ${sizeOf(folder, [file])}`).join('\n')}\nLoad what isn't on the overview later, with import().`);
    process.exit(1);
  }
  console.log(says);
}
