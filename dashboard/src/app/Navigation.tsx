import { Link } from '@tanstack/react-router';
import { listed } from '@/navigation';
import { useMay } from '@/session/session';
import { singleKeys } from '@/ui/singleKeys';
import classes from './Navigation.module.css';

/** The pages that the operator may see. */
export function Navigation() {
  const may = useMay();
  const hasKeys = singleKeys.use();
  return (
    <nav aria-label="Pages" className={classes.navigation}>
      {listed
        .filter((page) => page.right === undefined || may(page.right))
        .map(({ entry: { to, label, icon: Icon, letter } }) => (
          <Link key={to} to={to} className={classes.link} activeOptions={{ exact: to === '/', includeSearch: false }} aria-keyshortcuts={hasKeys ? `g ${letter}` : undefined}>
            <Icon size={16} stroke={1.6} aria-hidden />
            {label}
          </Link>
        ))}
    </nav>
  );
}
