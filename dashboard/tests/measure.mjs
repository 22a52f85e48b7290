// What `bench/dashboard` measures: node tests/measure.mjs [rounds]. Says medians and the worst round; fails when the worst round of a
// size or of an interaction misses its bar, or the median of the first page.
import { isDrawn, isLoaded, launch, open, settled, VIEWS } from './browser.mjs';
import { signedIn, url } from './system.mjs';

const rounds = Number(process.argv[2] ?? 7);
const [desk] = VIEWS;
const BARS = { 'first useful page, ms': 1000, 'script and style, bytes gzipped': 300_000, script: 100 };
const measured = new Map();
let missed = 0;

const note = (name, value) => measured.set(name, [...(measured.get(name) ?? []), value]);

const { session } = await signedIn('measure@example.org', ['owner']);
const browser = await launch();

// The page itself notes when it was painted with all that it shows: how soon we hear of that is no part of it.
const notesWhenUseful = `{
  const isLoaded = ${isLoaded}, isDrawn = ${isDrawn};
  const look = () => requestAnimationFrame(() => {
    if (isLoaded() && isDrawn() && document.fonts.status === 'loaded') requestAnimationFrame(() => { window.sixtyUseful = performance.now(); });
    else look();
  });
  look();
}`;

// From an empty cache: a new window each time.
for (let round = 0; round < rounds; round += 1) {
  const { page, context, wrongs } = await open(browser, url, desk, session.cookie);
  await page.addInitScript(notesWhenUseful);
  await page.goto(`${url}/admin`, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.sixtyUseful, null, { polling: 200 });
  note('first useful page, ms', await page.evaluate(() => window.sixtyUseful));
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
// A view that somebody keeps.
const VIEW = 'Measured';
await page.goto(`${url}/admin/customers?plan=enterprise&sort=-created_at`);
await settled(page);
await page.getByRole('button', { name: /^Keep this view/ }).click();
await page.getByRole('dialog').getByLabel('Name').fill(VIEW);
await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
await page.goto(`${url}/admin/customers`);
await settled(page);

/** What an act costs the browser's scripts, until the table shows what came of it. `asks` is whether the server is asked. */
async function interaction(name, act, { asks = true } = {}) {
  const before = await scriptTime();
  const answered = asks ? page.waitForResponse((response) => /\/api\/admin\/customers\?/.test(response.url())) : undefined;
  await act();
  await answered;
  await settled(page);
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  note(`script: ${name}, ms`, (await scriptTime()) - before);
}

const filter = page.locator('main input[data-filter]');
const button = (name) => page.getByRole('search').getByRole('button', { name });
const choose = async (menu, value) => {
  await button(menu).click();
  await page.getByRole('checkbox', { name: value, exact: true }).check();
};
const clear = () => button('Clear').click();
for (let round = 0; round < rounds; round += 1) {
  await interaction('sort by name', () => page.getByRole('columnheader', { name: /customer|company/i }).getByRole('button').first().click());
  await interaction('sort by requests', () => page.getByRole('columnheader', { name: 'Requests, 30 days' }).getByRole('button').click());
  await interaction('next page', () => page.getByRole('button', { name: 'Next' }).click());
  await interaction('search', () => filter.fill(`lantern ${round}`));
  await interaction('clear the search', () => filter.fill(''));
  await interaction('filter by status', () => choose(/^Status/, 'Suspended'));
  await page.keyboard.press('Escape');
  await interaction('filter by plan', () => choose(/^Plan/, 'Pro'));
  await page.keyboard.press('Escape');
  await interaction('filter by module', async () => {
    await page.getByRole('combobox', { name: 'Module that is on' }).click();
    await page.getByRole('option').nth(1).click();
  });
  // Back to what was asked a moment ago: it may be shown without asking.
  await interaction('go back', () => page.goBack(), { asks: false });
  await interaction('clear the filters', clear, { asks: false });
  await interaction('open a view', () => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: VIEW }).click(), { asks: false });
  await interaction('leave the view', () => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'All' }).click(), { asks: false });
  await interaction('choose columns', async () => {
    await page.getByRole('button', { name: 'Columns', exact: true }).click();
    await page.getByRole('dialog').getByRole('checkbox', { name: 'Database' }).click();
  }, { asks: false });
  await page.getByRole('button', { name: 'As they were' }).click();
  await page.keyboard.press('Escape');
  await interaction('select a row', () => page.getByRole('row').getByRole('checkbox', { name: /^Select (?!all)/ }).first().check(), { asks: false });
  await interaction('select the page', () => page.getByLabel('Select all rows of this page').check(), { asks: false });
  await interaction('select none', () => page.getByRole('button', { name: 'Select none' }).click(), { asks: false });
}
if (wrongs.length > 0) throw new Error(wrongs.join('\n'));
await browser.close();

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
console.log(`${rounds} rounds, ${await browser.version()}, window of ${desk.width} x ${desk.height}; at most ${rows} rows in one answer`);
for (const [name, values] of measured) {
  const bar = BARS[name] ?? (name.startsWith('script:') ? BARS.script : undefined);
  const worst = Math.max(...values);
  console.log(`${name.padEnd(40)} median ${Math.round(median(values))}, worst ${Math.round(worst)}${bar ? ` (bar ${bar})` : ''}`);
  // How soon a page is there hangs on what else the machine does; sizes and the work of scripts don't.
  if (bar && (name.startsWith('first useful') ? median(values) : worst) > bar) missed += 1;
}
if (rows > 200) missed += 1;
if (missed > 0) {
  console.log(`${missed} bars missed`);
  process.exitCode = 1;
}
