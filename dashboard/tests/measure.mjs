// What `bench/dashboard` measures: node tests/measure.mjs [rounds]. Says medians and the worst round; fails when a bar is missed.
import { launch, open, settled, VIEWS } from './browser.mjs';
import { signedIn, url } from './system.mjs';

const rounds = Number(process.argv[2] ?? 7);
const [desk] = VIEWS;
const BARS = { 'first useful page, ms': 1000, 'script and style, bytes gzipped': 300_000, script: 100 };
const measured = new Map();
let missed = 0;

const note = (name, value) => measured.set(name, [...(measured.get(name) ?? []), value]);

const { session } = await signedIn('measure@example.org', ['owner']);
const browser = await launch();

// From an empty cache: a new window each time.
for (let round = 0; round < rounds; round += 1) {
  const { page, context, wrongs } = await open(browser, url, desk, session.cookie);
  await page.goto(`${url}/admin`, { waitUntil: 'commit' });
  await settled(page);
  note('first useful page, ms', await page.evaluate(() => performance.now()));
  const files = await page.evaluate(() =>
    performance.getEntriesByType('resource').filter((entry) => /\.(js|css)$/.test(entry.name)).map((entry) => entry.name),
  );
  let size = 0;
  for (const file of new Set(files)) {
    const answer = await fetch(file, { method: 'HEAD', headers: { 'Accept-Encoding': 'gzip' } });
    size += Number(answer.headers.get('content-length'));
  }
  note('script and style, bytes gzipped', size);
  if (wrongs.length > 0) throw new Error(wrongs.join('\n'));
  await context.close();
}

// The table of 10,000: what an interaction costs the browser's scripts, and what the server sends for it.
const { page, context, wrongs } = await open(browser, url, desk, session.cookie);
const devtools = await context.newCDPSession(page);
await devtools.send('Performance.enable');
const scriptTime = async () => {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'ScriptDuration').value * 1000;
};
let rows = 0;
page.on('response', async (response) => {
  if (!/\/api\/admin\/customers\?/.test(response.url()) || !response.ok()) return;
  const { data } = await response.json().catch(() => ({ data: [] }));
  rows = Math.max(rows, data.length);
});
await page.goto(`${url}/admin/customers`);
await settled(page);

async function interaction(name, act) {
  const before = await scriptTime();
  const answered = page.waitForResponse((response) => /\/api\/admin\/customers\?/.test(response.url()));
  await act();
  await answered;
  await settled(page);
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  note(`script: ${name}, ms`, (await scriptTime()) - before);
}

const filter = page.locator('main input[data-filter]');
for (let round = 0; round < rounds; round += 1) {
  await interaction('sort by name', () => page.getByRole('columnheader', { name: /customer|company/i }).getByRole('button').first().click());
  await interaction('next page', () => page.getByRole('button', { name: 'Next' }).click());
  await interaction('search', () => filter.fill(`lantern ${round}`));
  await interaction('clear the search', () => filter.fill(''));
}
if (wrongs.length > 0) throw new Error(wrongs.join('\n'));
await browser.close();

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
console.log(`${rounds} rounds, ${await browser.version()}, window of ${desk.width} x ${desk.height}; at most ${rows} rows in one answer`);
for (const [name, values] of measured) {
  const bar = BARS[name] ?? (name.startsWith('script:') ? BARS.script : undefined);
  const worst = Math.max(...values);
  console.log(`${name.padEnd(40)} median ${Math.round(median(values))}, worst ${Math.round(worst)}${bar ? ` (bar ${bar})` : ''}`);
  if (bar && median(values) > bar) missed += 1;
}
if (rows > 200) missed += 1;
if (missed > 0) {
  console.log(`${missed} bars missed`);
  process.exitCode = 1;
}
