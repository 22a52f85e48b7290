// Looks at many pages as people see them: at the width of a desk and of a phone, in light and in dark.
import { COLOURS, complaints, open, picture, settled, WIDTHS } from './browser.mjs';
import { url } from './system.mjs';

/**
 * Opens each of these pages at each width, and has what is wrong with it, a line each. `opened` does what is to be seen besides, by
 * the page's name. Both widths at once: the one window is looked at while the other waits for the server. A page is loaded once a
 * width, and asked for everything in one scheme; in the other it has the same shape and other colours.
 */
export async function look(browser, cookie, pages, { as, opened = async () => {}, fullPage = true } = {}) {
  const found = await Promise.all(
    WIDTHS.map(async (width) => {
      const window = await open(browser, url, width.opened, cookie);
      const lines = [];
      for (const [name, path] of Object.entries(pages)) {
        const pictured = (view) => picture(window.page, `${as ? `${as}-` : ''}${name}-${view.name}`, { fullPage });
        const wrong = await lookAt(window, path, width, { pictured, opened: (page) => opened(page, name) });
        lines.push(...wrong.map((line) => `${name}, ${line}`));
      }
      await window.context.close();
      return lines;
    }),
  );
  return found.flat();
}

async function lookAt({ page, wrongs }, path, { opened: first, then }, { pictured, opened: besides }) {
  const lines = [];
  const seen = async (view, rules) => {
    await pictured(view);
    const wrong = [...wrongs.splice(0), ...(await complaints(page, rules))];
    lines.push(...wrong.map((line) => `${view.name}: ${line}`));
  };
  try {
    if (then) await page.emulateMedia({ colorScheme: first.colorScheme });
    await page.goto(`${url}/admin${path}`);
    await settled(page);
    await besides(page);
    await seen(first);
    if (!then) return lines;
    await page.emulateMedia({ colorScheme: then.colorScheme });
    await settled(page);
    await seen(then, COLOURS);
  } catch (error) {
    await pictured(first);
    lines.push(...wrongs.splice(0), `${first.name}: ${error.message.split('\n')[0]}`);
  }
  return lines;
}
