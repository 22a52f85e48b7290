import { Button, Checkbox, Group, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { problemOf } from '@/api/problem';
import { Failure } from '@/ui/Failure';
import { words } from '@/ui/format';
import { priceAMonth } from '@/ui/money';
import { priceOf } from './priceOf';
import classes from './SignUp.module.css';
import { CORE } from './signUpForm';
import type { PriceList } from './usePriceList';

type ModulesProps = { list: PriceList; plan: string; chosen: string[] | null; choose: (modules: string[] | null) => void; error?: ReactNode };

/** The feature modules with their prices: the plan's, or chosen one by one. */
export function Modules({ list, plan, chosen, choose, error }: ModulesProps) {
  const { modules } = list;
  if (!modules) return list.error ? <Failure problem={problemOf(list.error)} retry={list.refetch} /> : <Skeleton height={220} />;
  const included = list.included(plan);
  const on = new Set([CORE, ...(chosen ?? included ?? [])]);
  const toggle = (key: string) => {
    if (!on.delete(key)) on.add(key);
    choose([...on]);
  };
  const unknown = chosen === null && included === undefined;
  return (
    <fieldset className={classes.modules}>
      <legend>Modules {chosen === null ? <span className={classes.quiet}>as {words(plan)} has them</span> : <span className={classes.quiet}>chosen for this customer</span>}</legend>
      {modules.map((module) => (
        <div key={module.module_key} className={classes.module}>
          <Checkbox
            size="xs"
            label={module.name}
            description={module.description}
            checked={on.has(module.module_key)}
            indeterminate={unknown && module.module_key !== CORE}
            disabled={module.module_key === CORE}
            onChange={() => toggle(module.module_key)}
          />
          <span className={classes.price}>{priceOf(module)}</span>
        </div>
      ))}
      {!unknown && (
        <div className={classes.total}>
          <span>List price of these a month</span>
          <strong>{priceAMonth(modules.filter((module) => on.has(module.module_key)))}</strong>
        </div>
      )}
      {error && (
        <p className={classes.error} role="alert">
          {error}
        </p>
      )}
      {chosen !== null && (
        <Group mt={8}>
          <Button variant="default" size="compact-xs" onClick={() => choose(null)}>
            As the plan has them
          </Button>
        </Group>
      )}
    </fieldset>
  );
}
