// Looks at pages as a person would: node tests/look.mjs FOLDER PATH...
// With SIXTY_DASHBOARD (where the pages are, without /admin) and SIXTY_ACCOUNT (a JSON file with email, password, secret).
// Writes a picture of each page in each view, and says what the console, the network and axe complain of.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, open, settled, VIEWS, violations } from './browser.mjs';
import { Session } from './operator.mjs';

const [folder, ...paths] = process.argv.slice(2);
const url = process.env.SIXTY_DASHBOARD ?? 'http://localhost:3000';
const account = JSON.parse(readFileSync(process.env.SIXTY_ACCOUNT, 'utf8'));
const kept = `${process.env.SIXTY_ACCOUNT}.session`;

const session = new Session(url);
if (existsSync(kept)) session.cookie = JSON.parse(readFileSync(kept, 'utf8'));
try {
  await session.ask('GET', '/api/admin/session');
} catch {
  session.cookie = null;
  await session.again(account);
  writeFileSync(kept, JSON.stringify(session.cookie), { mode: 0o600 });
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
let complaints = 0;
for (const view of VIEWS) {
  const { page, context, wrongs } = await open(browser, url, view, session.cookie);
  for (const path of paths) {
    await page.goto(`${url}/admin${path}`);
    try {
      await settled(page);
    } catch (error) {
      wrongs.push(`not settled: ${error.message.split('\n')[0]}`);
    }
    const name = `${path.replaceAll(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'home'}-${view.name}.png`;
    await page.screenshot({ path: join(folder, name), fullPage: true });
    for (const line of [...wrongs.splice(0), ...(await violations(page))]) {
      complaints += 1;
      console.log(`${view.name} ${path}: ${line}`);
    }
  }
  await context.close();
}
await browser.close();
console.log(complaints === 0 ? 'nothing to complain of' : `${complaints} complaints`);
