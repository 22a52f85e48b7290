/// <reference types="node" />
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = import.meta.dirname;

/** Every file of the pages with the folders that it takes something from. */
function imports(): [file: string, from: string][] {
  const files = readdirSync(join(SRC, 'pages'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  return files.flatMap((file) => {
    const text = readFileSync(join(SRC, 'pages', file), 'utf8');
    return [...text.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, from]): [string, string] => [file, from ?? '']);
  });
}

/** The folder of `pages/` that an import reaches into; undefined for anything else. */
function pageOf(file: string, from: string): string | undefined {
  const path = from.startsWith('.') ? join('/pages', file, '..', from) : from.startsWith('@/') ? from.slice(1) : '';
  return /^\/pages\/([^/]+)\//.exec(path)?.[1];
}

test('a page is one folder: none takes anything from another one’s', () => {
  const found = imports();
  expect(found.length).toBeGreaterThan(500);
  const reaching = found.filter(([file, from]) => ![undefined, file.split('/')[0]].includes(pageOf(file, from)));
  expect(reaching).toEqual([]);
});
