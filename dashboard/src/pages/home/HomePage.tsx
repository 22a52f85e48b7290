import { useMay } from '@/session/session';
import { Guard } from '@/ui/Guard';
import { PageHeader } from '@/ui/PageHeader';
import { useRange } from '@/ui/range';
import { RangePicker } from '@/ui/RangePicker';
import { Adoption } from './Adoption';
import { Attention } from './Attention';
import { Changes } from './Changes';
import { Customers } from './Customers';
import { Health } from './Health';
import classes from './Home.module.css';
import { HomeFigures } from './HomeFigures';
import { beforeRange } from './words';
import { Traffic } from './Traffic';
import { Work } from './Work';

/** What an operator looks at all day: what is wrong first, then the figures, then what they are made of. */
export function HomePage() {
  const may = useMay();
  const range = useRange('24h');
  return (
    <>
      <PageHeader title="Overview" note={`${range.label}, against the ${beforeRange(range)} before`} actions={<RangePicker range={range} />} />
      <div className={classes.page}>
        <Guard>
          <Attention range={range} />
        </Guard>
        <Guard>
          <HomeFigures range={range} />
        </Guard>
        {may('usage:read') && <Traffic range={range} />}
        <div className={classes.columns}>
          <div className={classes.column}>
            {may('customers:read') && <Adoption range={range} />}
            {may('customers:read') && <Customers range={range} />}
          </div>
          <div className={classes.column}>
            <Health />
            {may('customers:read') && <Work />}
            {may('audit:read') && <Changes />}
          </div>
        </div>
      </div>
    </>
  );
}
