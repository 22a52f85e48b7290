import { Textarea, type TextareaProps } from '@mantine/core';

/** By whom the other side's certificate is signed. */
export const CertificateAuthority = (props: TextareaProps) => (
  <Textarea label="Certificate authority, PEM" description="If the other side’s certificate isn’t signed by a public one" autosize minRows={2} maxRows={6} spellCheck={false} {...props} />
);
