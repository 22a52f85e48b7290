import { useEffect } from 'react';
import classes from './states.module.css';

/**
 * Stands before the page while what will lie over it is fetched: what is pressed meanwhile is meant for that, and neither opens it twice
 * nor goes anywhere. What is pressed with Ctrl is the browser's, and the palette's.
 */
function Coming() {
  useEffect(() => {
    const swallow = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener('keydown', swallow, { capture: true });
    window.addEventListener('keyup', swallow, { capture: true });
    return () => {
      window.removeEventListener('keydown', swallow, { capture: true });
      window.removeEventListener('keyup', swallow, { capture: true });
    };
  }, []);
  return <div className={classes.coming} aria-busy="true" />;
}

/** The same, as what stands in the place of a part. */
export const coming = () => <Coming />;
