import { describe, expect, it } from 'vitest';
import { filterOf } from '@/api/usageGroups';
import { narrowed, usageSearch, whyNot } from './search';

describe('the address of usage', () => {
  it('keeps what means something and nothing else', () => {
    expect(usageSearch({ range: '7d', customer: 'acme', status_code: 404, by: 'route', show: 'errors', time: 'p99', slower: 500, other: 1, method: '' })).toEqual({
      range: '7d', customer: 'acme', status_code: 404, by: 'route', show: 'errors', time: 'p99', slower: 500,
    });
    expect(usageSearch({ range: '8d', by: 'moon', slower: -1 })).toEqual({});
  });
  it('knows the filter of a group', () => {
    expect(filterOf('route', 'GET /api/v1/deals/{id}')).toEqual({ method: 'GET', endpoint: '/api/v1/deals/{id}' });
    expect(filterOf('status', '404')).toEqual({ status_code: 404 });
    expect(filterOf('module', '')).toBeNull();
    expect(filterOf('customer', null)).toBeNull();
  });
  it('tells more of the others apart, once, and says why it can’t go on', () => {
    expect(narrowed('customer', null)?.({ range: '7d' })).toEqual({ range: '7d', top: 20 });
    expect(narrowed('customer', null, 20)).toBeNull();
    expect(narrowed('module', '')).toBeNull();
    expect(whyNot('customer', null)).toMatch(/No more than 20/);
    expect(whyNot('module', '')).toMatch(/no module/);
    expect(usageSearch({ top: 20 })).toEqual({ top: 20 });
    expect(usageSearch({ top: 500 })).toEqual({});
  });
  it('asks the next question of a group that was chosen, and keeps the rest', () => {
    expect(narrowed('customer', 'x')?.({ range: '7d', status_code: '404' })).toEqual({ range: '7d', status_code: '404', customer: 'x', by: 'route' });
  });
});
