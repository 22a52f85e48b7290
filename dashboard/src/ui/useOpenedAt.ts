import { useState } from 'react';

/** When a form was opened. What counts from then stays the same when the form is sent once more; what counts from now is another request. */
export const useOpenedAt = (): number => useState(Date.now)[0];
