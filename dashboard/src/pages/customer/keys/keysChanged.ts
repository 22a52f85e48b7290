import type { QueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';

/** Has everything asked for again that shows keys. */
export const keysChanged = (client: QueryClient) => void askAgain(client, /\/(api-keys|timeline|search)/);
