import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { NOTHING } from './format';

/** The way to a customer's page, by the UUID or the customerId. */
export function CustomerLink({ customer, name, tab, inText = false }: { customer: string | null | undefined; name?: string; tab?: string; inText?: boolean }) {
  // Among other words a link isn't told by its colour alone.
  const underline = inText ? 'always' : 'hover';
  if (!customer) return <span>{NOTHING}</span>;
  return tab ? (
    <Anchor component={Link} to="/customers/$customer/$tab" params={{ customer, tab } as never} inherit underline={underline}>
      {name ?? customer}
    </Anchor>
  ) : (
    <Anchor component={Link} to="/customers/$customer" params={{ customer } as never} inherit underline={underline}>
      {name ?? customer}
    </Anchor>
  );
}
