import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '@/api/client';
import { useMay, useWho } from '@/session/session';
import { CopyValue } from '@/ui/CopyValue';
import { Drawer } from '@/ui/Drawer';
import { Facts } from '@/ui/Facts';
import { words } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { When } from '@/ui/When';
import { EditOperator } from './EditOperator';
import { OperatorAccess } from './OperatorAccess';
import { OperatorActs } from './OperatorActs';
import { State } from './OperatorsSection';
import { secondFactor } from './secondFactor';

/** One operator: what is known of them, their name and roles to change, where they are signed in, and what ends their access. */
export function OperatorDrawer({ id, close }: { id: string | undefined; close: () => void }) {
  const mayWrite = useMay()('operators:write');
  const { data: who } = useWho();
  const query = useQuery({
    queryKey: ['get', '/api/admin/operators/{id}', id],
    enabled: id !== undefined,
    placeholderData: undefined,
    queryFn: async () => {
      const { data, error, response } = await api.GET('/api/admin/operators/{id}', { params: { path: { id: id! } } });
      if (error !== undefined) throw error;
      // With it a change is refused that somebody else has overtaken.
      return { operator: data, tag: response.headers.get('ETag') };
    },
  });
  return (
    <Drawer opened={id !== undefined} onClose={close} closeOnClickOutside={!mayWrite} size={560} title={query.data?.operator.name ?? 'Operator'}>
      <Loaded query={query}>
        {({ operator, tag }) => (
          // Sessions and tokens of another one are none of theirs.
          <Stack key={operator.id} gap="lg">
            <Facts
              facts={[
                ['State', <State key="state" operator={operator} />],
                ['E-mail', <CopyValue key="email" value={operator.email} label="the e-mail address" />],
                ['Roles', mayWrite ? null : operator.roles.map(words).join(', ')],
                ['Second factor', secondFactor(operator)],
                ['Last signed in', <When key="seen" at={operator.last_signed_in_at} empty="Never" />],
                ['Made', <When key="created" at={operator.created_at} />],
                ['Id', <CopyValue key="id" value={operator.id} label="the operator’s id" />],
              ]}
            />
            {mayWrite && <EditOperator operator={operator} tag={tag} readAgain={query.refetch} />}
            {mayWrite && <OperatorAccess operator={operator} />}
            {mayWrite && operator.id !== who?.operator_id && <OperatorActs operator={operator} tag={tag} />}
          </Stack>
        )}
      </Loaded>
    </Drawer>
  );
}
