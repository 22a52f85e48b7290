/** What the API calls the percentiles. */
export const PERCENTILES = { p50: 'p50_response_time_ms', p95: 'p95_response_time_ms', p99: 'p99_response_time_ms' } as const;
