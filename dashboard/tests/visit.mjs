// A visit to one page.
import assert from 'node:assert/strict';
import { openIn, picture, profile, settled, VIEWS } from './browser.mjs';
import { url } from './system.mjs';

// Whoever comes again has the dashboard's files already, as people do.
const profiles = new WeakMap();

async function profileOf(browser, view, cookie) {
  if (!profiles.has(browser)) profiles.set(browser, new Map());
  const known = profiles.get(browser);
  const key = `${view.name} ${cookie?.value}`;
  if (!known.has(key)) known.set(key, await profile(browser, url, view, cookie));
  return known.get(key);
}

/**
 * Opens a window at this address and does something there. At its end nothing may have been complained of by console and
 * network, but for what `complains` takes as meant.
 */
export async function visit(browser, cookie, path, act, { complains = () => false, view = VIEWS[0] } = {}) {
  const { page, wrongs, heard } = await openIn(await profileOf(browser, view, cookie));
  try {
    await page.goto(`${url}/admin${path}`);
    await settled(page);
    await act(page);
    await heard();
  } catch (error) {
    await picture(page, `failed-${path.replaceAll(/[^a-z0-9]+/gi, '-')}`);
    throw error;
  } finally {
    await page.close();
  }
  assert.deepEqual(wrongs.filter((wrong) => !complains(wrong)), []);
}
