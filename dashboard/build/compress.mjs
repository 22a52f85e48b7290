// Compresses what `vite build` made, so that the server only hands it out: beside each text file one for gzip and one for
// Brotli, when they are smaller.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../dist', import.meta.url));
const texts = new Set(['.html', '.js', '.css', '.svg', '.json']);
const sums = { plain: 0, gzip: 0, brotli: 0 };

for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !texts.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = await readFile(path);
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  if (gzip.length < plain.length) await writeFile(`${path}.gz`, gzip);
  if (brotli.length < plain.length) await writeFile(`${path}.br`, brotli);
  sums.plain += plain.length;
  sums.gzip += gzip.length;
  sums.brotli += brotli.length;
}
console.log(`compressed: ${sums.plain} bytes, ${sums.gzip} with gzip, ${sums.brotli} with Brotli`);
