import { kept } from './kept';

/**
 * Whether single letters and signs act by themselves. Whoever speaks to the computer, or touches keys by chance, turns them off:
 * Ctrl K and the arrows go on (WCAG 2.1.4).
 */
export const singleKeys = kept('single-keys', true);
