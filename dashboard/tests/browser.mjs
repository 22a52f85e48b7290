// A real Chromium, and what went wrong on its pages.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const PLACES = [
  process.env.SIXTY_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The widths and colours in which every page is looked at. */
export const VIEWS = [
  { name: 'desktop-light', width: 1440, height: 900, colorScheme: 'light' },
  { name: 'desktop-dark', width: 1440, height: 900, colorScheme: 'dark' },
  { name: 'phone-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark' },
];

/**
 * Each width, with the scheme that a page is opened in, and the one that it is looked at in after that. A phone has no colours of
 * its own: its other scheme is only pictured.
 */
export const WIDTHS = [
  { opened: VIEWS[0], then: VIEWS[1] },
  { opened: VIEWS[3], then: process.env.SIXTY_SCREENSHOTS ? VIEWS[2] : undefined },
];

/** Starts the browser: SIXTY_CHROMIUM, or where systems have it. */
export function launch() {
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error('Chromium is missing: scripts/test.sh installs it, or set SIXTY_CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** As many rows as a page of any listing may have. */
const PAGE = 200;

/**
 * A window of this view, signed in by this cookie (or not). Its `wrongs` are what the console and the network said, and the listings
 * that were longer than a page; `heard` waits until every answer was looked at.
 */
export async function open(browser, url, view, cookie) {
  return openIn(await profile(browser, url, view, cookie));
}

/** Cookies, storage and cache of one person at one width. */
export async function profile(browser, url, view, cookie) {
  const { width, height, colorScheme } = view;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  if (cookie) {
    // Browsers take a __Host- cookie from a secure address only, and show it to this machine over HTTP too.
    await context.addCookies([{ ...cookie, url: `https://${new URL(url).hostname}`, secure: true, httpOnly: true, sameSite: 'Strict' }]);
  }
  return context;
}

/** Another window of the same person. */
export async function openIn(context) {
  const page = await context.newPage();
  const wrongs = [];
  page.on('console', (message) => {
    if (message.type() === 'error') wrongs.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => wrongs.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A stream that ends with its page, and a question that nobody waits for any more, are no failures.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') wrongs.push(`failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  const reading = new Set();
  page.on('response', (response) => {
    if (response.status() >= 400) wrongs.push(`${response.status()}: ${response.request().method()} ${response.url()}`);
    if (response.status() !== 200 || !/\/api\//.test(response.url()) || !/json/.test(response.headers()['content-type'] ?? '')) return;
    const read = rowsOf(response).then((rows) => {
      reading.delete(read);
      if (rows > PAGE) wrongs.push(`${rows} rows in one answer: ${response.url()}`);
    });
    reading.add(read);
  });
  const heard = () => Promise.all(reading);
  return { page, context, wrongs, heard };
}

/** How many rows a listing answered. */
async function rowsOf(response) {
  // The answer to a page that has been left is nowhere any more.
  const body = await response.json().catch(() => null);
  return Array.isArray(body?.data) ? body.data.length : 0;
}

/** Goes to another page of the dashboard without loading it all anew, as a link on the page does. */
export async function goTo(page, path) {
  const before = await page.evaluate((address) => {
    const { history, state } = window.__TSR_ROUTER__;
    const key = state.resolvedLocation?.state.__TSR_key ?? null;
    history.push(address);
    return key;
  }, `/admin${path}`);
  const isThere = (before) => {
    const { status, resolvedLocation } = window.__TSR_ROUTER__.state;
    return status === 'idle' && (resolvedLocation?.state.__TSR_key ?? null) !== before;
  };
  await page.waitForFunction(isThere, before);
}

/** Shows the page in the colours of this view: the page follows the system's, a moment later. */
export async function inColours(page, { colorScheme }) {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, colorScheme);
  // What fades from one colour into another has none of them meanwhile.
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity), null, { timeout: 3000 }).catch(() => {});
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

/** In the page: whether nothing is loading on it any more. */
export const isLoaded = () => document.querySelector('main h1') !== null && !document.querySelector('[aria-busy="true"], [aria-label="Loading"], .mantine-Skeleton-root');
/** In the page: whether all charts are drawn, which is a moment after their numbers are there; one without numbers never is. */
export const isDrawn = () => [...document.querySelectorAll('main figure')].every((figure) => figure.querySelector('canvas, table'));

/** Waits until nothing is loading on the page any more. */
export async function settled(page) {
  await page.waitForFunction(isLoaded, null, { timeout: 60_000 });
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(isDrawn, null, { timeout: 2000 }).catch(() => {});
  // Its size follows with the next picture of the screen.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The rules that ask for colours: what the others say is so in each scheme. */
export const COLOURS = ['color-contrast', 'link-in-text-block'];

/** The rules for what one sees and touches: what is scrolled under the bar at the top is no target, and is found to be a small one. */
const IN_FRONT = [...COLOURS, 'target-size'];

/**
 * What axe finds on the page, as lines for people. By all rules, or by these. `over` says where colours and targets are looked at, when
 * not everywhere: most of axe's time is the colours', and what lies behind a dialog has been looked at without it.
 */
export async function violations(page, { rules, over } = {}) {
  // Once a page, and without the empty page that axe's own driver opens to put the frames of a page together: there are none.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const resultTypes = ['violations'];
  const passes = [];
  if (over && (await page.locator(over).filter({ visible: true }).count()) > 0) {
    const others = Object.fromEntries(IN_FRONT.map((rule) => [rule, { enabled: false }]));
    if (!rules) passes.push(['html', { runOnly: { type: 'tag', values: TAGS }, rules: others, resultTypes }]);
    passes.push([over, { runOnly: { type: 'rule', values: IN_FRONT }, resultTypes }]);
  } else {
    passes.push(['html', { runOnly: rules ? { type: 'rule', values: rules } : { type: 'tag', values: TAGS }, resultTypes }]);
  }
  const lines = [];
  for (const [where, options] of passes) {
    const found = await page.evaluate(([where, options]) => window.axe.run(where === 'html' ? document : where, options), [where, options]);
    lines.push(...found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`)));
  }
  return lines;
}

/** In the page: the present one of links that are scrolled, where it isn't seen. */
const outOfSight = () =>
  [...document.querySelectorAll('main nav [aria-current="page"]')]
    .filter((link) => {
      const [nav, own] = [link.closest('nav').getBoundingClientRect(), link.getBoundingClientRect()];
      return link.checkVisibility() && (own.left < nav.left - 2 || own.right > nav.right + 2);
    })
    .map((link) => `“${link.textContent}” is present and out of sight`);

/** All that is wrong with the page as it is: what axe finds, whether it is wider than the window, and what should be seen and isn't. */
export async function complaints(page, options) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const tooWide = wide > 0 ? [`the page is ${wide} px wider than the window`] : [];
  return [...tooWide, ...(await page.evaluate(outOfSight)), ...(await violations(page, options))];
}

/** A picture of the page, where SIXTY_SCREENSHOTS names a folder for it. */
export async function picture(page, name, options = {}) {
  const folder = process.env.SIXTY_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), ...options });
}
