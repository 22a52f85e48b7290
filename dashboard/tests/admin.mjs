// The admin database, for what no operator can do by hand: to let a step fail, and to hold one up. By psql, which comes with
// the server that the tests run on.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PSQL = process.env.SIXTY_PG_BIN ? join(process.env.SIXTY_PG_BIN, 'psql') : 'psql';
const ARGUMENTS = [process.env.SIXTY_ADMIN_DATABASE_URL, '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'];

/** Runs statements. Answers what they say, a line each row. */
export async function sql(text) {
  const { stdout } = await promisify(execFile)(PSQL, [...ARGUMENTS, '--command', text]);
  return stdout.trim();
}

/** Runs statements in a transaction that stays open, with the locks it took. Answers what ends it. */
export async function held(text) {
  const session = spawn(PSQL, ARGUMENTS, { stdio: ['pipe', 'pipe', 'inherit'] });
  session.stdin.write(`begin;\n${text};\n\\echo held\n`);
  let said = '';
  for await (const part of session.stdout.iterator({ destroyOnReturn: false })) {
    said += part;
    if (said.includes('held')) break;
  }
  if (!said.includes('held')) throw new Error(`not held: ${text}`);
  session.stdout.resume();
  const ended = once(session, 'exit');
  return async () => {
    if (!session.stdin.writableEnded) session.stdin.end('rollback;\n');
    await ended;
  };
}

/** Has a table refuse a change where the condition holds. Answers what ends it. */
export async function refused(table, moment, condition) {
  const name = `test_refuses_${table}_${moment.replaceAll(' ', '_')}`;
  await sql(
    `create function ${name}() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
     create trigger ${name} ${moment} on ${table} for each row when (${condition}) execute function ${name}()`,
  );
  return () => sql(`drop function ${name}() cascade`);
}
