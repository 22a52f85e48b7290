import { queries } from '@/api/client';
import { useMay, useWho } from '@/session/session';
import { Hint } from './Hint';
import classes from './Operator.module.css';

/** As many as are asked for at once: all but the largest teams. Whoever isn't among them has an id. */
const MOST = 200;

/** The names of operators by their ids, as far as they may be seen. */
export function useOperatorNames(isWanted = true): ReadonlyMap<string, string> {
  const may = useMay()('operators:read') && isWanted;
  const { data: who } = useWho();
  const { data } = queries.useQuery('get', '/api/admin/operators', { params: { query: { limit: MOST } } }, { enabled: may, staleTime: 300_000 });
  const names = new Map(data?.data.map((operator) => [operator.id, operator.name]));
  if (who?.operator_id && who.name) names.set(who.operator_id, who.name);
  return names;
}

/** Who did something: an operator, the configured token, or the system by itself. `known` is the name, where the server told it. */
export function Operator({ id, known }: { id: string | null | undefined; known?: string | null }) {
  const names = useOperatorNames(known == null && id != null && id !== 'bootstrap');
  if (!id) return <span className={classes.quiet}>The system</span>;
  if (id === 'bootstrap') return <span>The configured token</span>;
  const name = known ?? names.get(id);
  return (
    <Hint label={id}>
      <span>{name ?? <code>{shortened(id)}</code>}</span>
    </Hint>
  );
}

/** The end of an id tells apart what was made at about the same time. */
export const shortened = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? `…${id.slice(-8)}` : id);
