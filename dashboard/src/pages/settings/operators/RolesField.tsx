import { Checkbox, Stack } from '@mantine/core';
import { words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { useRoles } from './roles';

type RolesFieldProps = { value?: string[]; onChange?: (roles: string[]) => void; error?: React.ReactNode };

/** Chooses roles, with what each may do. */
export function RolesField({ value, onChange, error }: RolesFieldProps) {
  return (
    <Checkbox.Group label="Roles" value={value} onChange={onChange} error={error}>
      <Loaded query={useRoles()} lines={5}>
        {({ data }) => (
          <Stack gap={6} mt={6} mb={4}>
            {data.map(({ role, description }) => (
              <Checkbox key={role} value={role} label={words(role)} description={description} size="xs" />
            ))}
          </Stack>
        )}
      </Loaded>
    </Checkbox.Group>
  );
}
