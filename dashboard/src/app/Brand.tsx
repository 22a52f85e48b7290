import classes from './Brand.module.css';

/** The mark (sixty ticks round two hands) and the name. */
export const Brand = () => (
  <span className={classes.brand}>
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden>
      <circle cx="12" cy="12" r="9.6" className={classes.ticks} />
      <path d="M12 12V6.2M12 12l4 2.8" className={classes.hands} />
    </svg>
    Sixty
  </span>
);
