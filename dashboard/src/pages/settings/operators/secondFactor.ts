import type { Schema } from '@/api/client';

/** What an operator shows beside the password, in words. */
export function secondFactor({ has_authenticator: hasApp, passkeys }: Schema<'OperatorView'>): string {
  const some = passkeys === 1 ? 'a passkey' : `${passkeys} passkeys`;
  if (passkeys === 0) return hasApp ? 'Authenticator app' : 'Not set up yet';
  return hasApp ? `Authenticator app and ${some}` : some[0]!.toUpperCase() + some.slice(1);
}
