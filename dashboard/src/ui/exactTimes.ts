import { kept } from './kept';

/** Whether times are shown to the second, in the place of “3 minutes ago”. */
export const exactTimes = kept('exact-times', false);
