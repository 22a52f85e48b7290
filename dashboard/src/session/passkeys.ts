// Passkeys in the browser: what the server asks for, handed to it, and its answer in JSON. By hand, because not every browser
// that has passkeys knows WebAuthn's JSON forms.
import type { Problem } from '@/api/problem';

type Described = { id: string; type: 'public-key'; transports?: AuthenticatorTransport[] };
type Options = { challenge: string; excludeCredentials?: Described[]; allowCredentials?: Described[]; user?: { id: string } };

/** Why passkeys can't be used on this page; null when they can. `origin` is where the server has them, undefined while it isn't known. */
export function whyNoPasskeys(origin: string | null | undefined, page: { origin: string; hasPasskeys: boolean } = thisPage()): string | null {
  if (origin === undefined) return null;
  if (origin === null) return 'Passkeys need to know this server’s address: whoever runs it sets SIXTY_PUBLIC_URL.';
  if (page.origin !== origin) return `Passkeys work at ${origin} only: open the dashboard there.`;
  if (!page.hasPasskeys) return 'This browser has no passkeys. Take a newer one, or another second factor.';
  return null;
}

const thisPage = () => ({ origin: location.origin, hasPasskeys: 'PublicKeyCredential' in window });

/** Has the browser make a passkey. What it answers, for the server; throws a problem that says why it didn't. */
export async function makePasskey(options: Record<string, unknown>) {
  const asked = options as Options;
  const publicKey = {
    ...options,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user?.id ?? '') },
    excludeCredentials: asked.excludeCredentials?.map(described),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await asking(navigator.credentials.create({ publicKey }));
  const answer = made.response as AuthenticatorAttestationResponse;
  return forServer({
    ...told(made),
    response: { clientDataJSON: text(answer.clientDataJSON), attestationObject: text(answer.attestationObject), transports: answer.getTransports?.() ?? [] },
  });
}

/** Has the browser show a passkey. What it answers, for the server; throws a problem that says why it didn't. */
export async function showPasskey(options: Record<string, unknown>) {
  const asked = options as Options;
  const publicKey = { ...options, challenge: bytes(asked.challenge), allowCredentials: asked.allowCredentials?.map(described) } as unknown as PublicKeyCredentialRequestOptions;
  const shown = await asking(navigator.credentials.get({ publicKey }));
  const answer = shown.response as AuthenticatorAssertionResponse;
  return forServer({
    ...told(shown),
    response: {
      clientDataJSON: text(answer.clientDataJSON),
      authenticatorData: text(answer.authenticatorData),
      signature: text(answer.signature),
      userHandle: answer.userHandle && text(answer.userHandle),
    },
  });
}

/** The API's description says only that it is an object: the browser defines what is in it. */
const forServer = (credential: object) => credential as Record<string, never>;

const told = (credential: PublicKeyCredential) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment,
  clientExtensionResults: {},
});

const described = (one: Described) => ({ ...one, id: bytes(one.id) });

async function asking(credential: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let found: Credential | null;
  try {
    found = await credential;
  } catch (error) {
    throw explained(error);
  }
  if (found) return found as PublicKeyCredential;
  throw explained(null);
}

/** What a browser says for why there is no passkey, for people. */
export function explained(error: unknown): Problem {
  const name = error instanceof Error ? error.name : '';
  const detail =
    {
      NotAllowedError: 'You cancelled, it took too long, or the device has no passkey for this account. Try again, or use another second factor.',
      AbortError: 'It was interrupted. Try again.',
      InvalidStateError: 'This device has a passkey for your account already.',
      NotSupportedError: 'This device makes no passkey of a kind that is taken here, or can’t verify that it is you. Set a PIN or a fingerprint up, or take another device.',
      ConstraintError: 'This device can’t verify that it is you. Set a PIN or a fingerprint up, or take another device.',
      SecurityError: 'The browser makes no passkeys for this address. Open the dashboard at the address that SIXTY_PUBLIC_URL names, over HTTPS.',
    }[name] ?? (error instanceof Error ? error.message : 'The browser gave none. Try again.');
  return { type: 'about:blank', title: 'No passkey was used', status: 0, detail, errors: [] };
}

/** Bytes from base64url. */
export function bytes(encoded: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

/** Bytes as base64url, without padding. */
export function text(buffer: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
