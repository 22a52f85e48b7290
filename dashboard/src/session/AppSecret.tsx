import { renderSVG } from 'uqr';
import type { Schema } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import classes from './AppSecret.module.css';

/** The secret of an authenticator app, to be scanned or typed in. The QR code is drawn here, from the address that the server gave. */
export function AppSecret({ app }: { app: Schema<'AuthenticatorView'> }) {
  return (
    <>
      <div className={classes.code} role="img" aria-label="QR code of the secret below" dangerouslySetInnerHTML={{ __html: renderSVG(app.url, { border: 2 }) }} />
      <CopyValue value={app.secret} label="the secret" />
    </>
  );
}
