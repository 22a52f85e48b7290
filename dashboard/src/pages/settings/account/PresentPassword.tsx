import { PasswordInput, type PasswordInputProps } from '@mantine/core';

/** The password that second factors are changed with. */
export function PresentPassword(props: PasswordInputProps) {
  return (
    <PasswordInput
      label="Your password"
      description="So that nobody does it who finds your session open. Leave it empty when you signed in with the OpenID provider just now"
      autoComplete="current-password"
      {...props}
    />
  );
}
