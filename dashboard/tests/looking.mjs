// Looks at many pages as people see them: at the width of a desk and of a phone, in light and in dark.
import { COLOURS, complaints, goTo, inColours, open, picture, settled, WIDTHS } from './browser.mjs';
import { url } from './system.mjs';

/**
 * Opens each of these pages at each width, and has what is wrong with it, a line each. `opened` does what is to be seen besides, by
 * the page's name. Both widths at once: the one window is looked at while the other waits for the server. A page is asked for
 * everything in one scheme; in the other it has the same shape and other colours.
 *
 * At a desk every address is loaded by itself, as a link that somebody was sent; a phone goes from page to page, as people do, where
 * nothing was opened over them.
 * `closes` closes what was opened over a page, which isn't loaded again then for what opens over it next; `over` is what lies there, the
 * colours of which are looked at.
 */
export async function look(browser, cookie, pages, { as, opened, closes, over, fullPage = true, widths = WIDTHS } = {}) {
  const walks = (place) => closes !== undefined || (place > 0 && opened === undefined);
  const found = await Promise.all(
    widths.map(async (width, place) => {
      const window = await open(browser, url, width.opened, cookie);
      const lines = [];
      let at = null;
      for (const [name, path] of Object.entries(pages)) {
        const pictured = (view) => picture(window.page, `${as ? `${as}-` : ''}${name}-${view.name}`, { fullPage });
        const goes = async (page) => {
          const isClean = at !== null && walks(place) && (closes === undefined || (await closes(page)));
          // What is shown by its address alone has left it as it was closed.
          if (isClean && closes !== undefined && at === path && page.url() === `${url}/admin${path}`) return;
          if (isClean) await goTo(page, path);
          else await page.goto(`${url}/admin${path}`);
        };
        const wrong = await lookAt(window, width, { goes, pictured, opened: (page) => opened?.(page, name), over });
        // What went wrong may stand about: the next page is loaded anew.
        at = wrong.length > 0 ? null : path;
        lines.push(...wrong.map((line) => `${name}, ${line}`));
      }
      await window.context.close();
      return lines;
    }),
  );
  return found.flat();
}

async function lookAt({ page, wrongs, heard }, { opened: first, then }, { goes, pictured, opened: besides, over }) {
  const lines = [];
  const seen = async (view, rules) => {
    await pictured(view);
    const wrong = await complaints(page, { rules, over });
    await heard();
    lines.push(...[...wrongs.splice(0), ...wrong].map((line) => `${view.name}: ${line}`));
  };
  try {
    if (then && page.url().startsWith(url)) await inColours(page, first);
    await goes(page);
    await settled(page);
    await besides(page);
    await seen(first);
    if (!then) return lines;
    await inColours(page, then);
    await settled(page);
    await seen(then, COLOURS);
  } catch (error) {
    await pictured(first);
    lines.push(...wrongs.splice(0), `${first.name}: ${error.message.split('\n')[0]}`);
  }
  return lines;
}
