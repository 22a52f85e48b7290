// The API's rules for single fields, so that a form says at once what the API would say. The cases in
// crates/control-plane/customers/src/field/cases.json hold both to the same.

const trimmed = (text: string) => text.replaceAll(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** What is wrong with a name for people; null when nothing is. */
export function wrongName(text: string, longest: number): string | null {
  const name = trimmed(text);
  if (name === '') return 'must not be empty';
  if ([...name].length > longest) return `must be at most ${longest} characters long`;
  return /\p{Cc}/u.test(name) ? 'must not contain control characters' : null;
}

/** What is wrong with an e-mail address; null when nothing is. A name beside it is: `Ada <ada@example.com>`. */
export function wrongEmail(text: string): string | null {
  const email = trimmed(text);
  const at = email.lastIndexOf('@');
  const isRight = at > 0 && !email.startsWith('<') && !email.includes(' <') && isLocal(email.slice(0, at)) && isDomain(email.slice(at + 1));
  return isRight ? null : 'must be an email address such as ada@example.com';
}

// RFC 5322's atoms, with letters and digits of every script (RFC 6532).
const LETTER = String.raw`\p{Alphabetic}\p{N}`;
const ATOM = new RegExp(`^[${LETTER}!#$%&'*+/=?^_\`{|}~-]+$`, 'u');
const LABEL = new RegExp(`^[${LETTER}](.*[${LETTER}])?$`, 'u');
const QUOTED = /^"(?:[ \t!#-[\]-~]|\\[!-~])+"$/;
const LITERAL = /^\[[!-Z^-~]*\]$/;

const isLocal = (local: string) => bytesOf(local) <= 64 && (QUOTED.test(local) || local.split('.').every((part) => ATOM.test(part)));

const isDomain = (domain: string) =>
  bytesOf(domain) <= 254 && (LITERAL.test(domain) || domain.split('.').every((label) => bytesOf(label) <= 63 && LABEL.test(label) && ATOM.test(label)));
