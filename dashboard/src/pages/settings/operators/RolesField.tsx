import { Checkbox, Stack } from '@mantine/core';
import { words } from '@/ui/format';
import { ROLES } from './roles';

type RolesFieldProps = { value?: string[]; onChange?: (roles: string[]) => void; error?: React.ReactNode };

/** Chooses roles, with what each may do. */
export function RolesField({ value, onChange, error }: RolesFieldProps) {
  return (
    <Checkbox.Group label="Roles" value={value} onChange={onChange} error={error}>
      <Stack gap={6} mt={6} mb={4}>
        {ROLES.map(({ role, means }) => (
          <Checkbox key={role} value={role} label={words(role)} description={means} size="xs" />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
