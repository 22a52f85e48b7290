// An operator with an account, a password and an authenticator app, as the sign-in pages would have made them.
import { createHmac } from 'node:crypto';

/** The code that an authenticator app shows now (RFC 6238, SHA-1, six digits, 30 seconds). */
export function codeOf(secret, at = Date.now()) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(/[\s=]/g, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  const place = hash.at(-1) & 15;
  return String((hash.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A client of the operator API with the cookie of a session. */
export class Session {
  constructor(url, { agent = 'node' } = {}) {
    this.url = url;
    this.agent = agent;
    this.cookie = null;
  }

  /** The answer's body; an answer that is no success is thrown. */
  async ask(method, path, body) {
    const headers = { 'Sec-Fetch-Site': 'same-origin', 'User-Agent': this.agent };
    if (this.cookie) headers.Cookie = `${this.cookie.name}=${this.cookie.value}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const [pair] = (answer.headers.getSetCookie()[0] ?? '').split(';');
    if (pair) this.cookie = { name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) };
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Signs in for the first time: sets the app up and chooses a password. Answers what is needed to sign in again. */
  async begin(email, oneTimePassword, password) {
    await this.ask('POST', '/api/admin/session', { email, password: oneTimePassword, keep: 'cookie' });
    const { secret } = await this.ask('POST', '/api/admin/session/authenticator');
    await this.ask('POST', '/api/admin/session/code', { code: codeOf(secret) });
    await this.ask('PUT', '/api/admin/session/password', { password: oneTimePassword, new_password: password });
    return { email, password, secret };
  }

  /** Signs in again. A code works once, so the next one may have to be waited for. */
  async again({ email, password, secret }) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.ask('POST', '/api/admin/session', { email, password, code: codeOf(secret), keep: 'cookie' });
      } catch (error) {
        if (attempt >= 8) throw error;
        await new Promise((later) => setTimeout(later, 5000));
      }
    }
  }
}
