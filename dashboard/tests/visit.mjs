// A visit to one page.
import assert from 'node:assert/strict';
import { open, picture, settled, VIEWS } from './browser.mjs';
import { url } from './system.mjs';

/**
 * Opens a window at this address and does something there. At its end nothing may have been complained of by console and
 * network, but for what `complains` takes as meant.
 */
export async function visit(browser, cookie, path, act, { complains = () => false, view = VIEWS[0] } = {}) {
  const { page, context, wrongs } = await open(browser, url, view, cookie);
  try {
    await page.goto(`${url}/admin${path}`);
    await settled(page);
    await act(page);
  } catch (error) {
    await picture(page, `failed-${path.replaceAll(/[^a-z0-9]+/gi, '-')}`);
    throw error;
  } finally {
    await context.close();
  }
  assert.deepEqual(wrongs.filter((wrong) => !complains(wrong)), []);
}
