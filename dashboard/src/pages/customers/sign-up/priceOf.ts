import type { Schema } from '@/api/client';
import { money } from '@/ui/format';

/** What a module costs a month. A price of nothing says that there is nothing to pay, and not who has it. */
export const priceOf = ({ base_price_monthly: price, currency, enabled_by_default }: Pick<Schema<'FeatureModuleView'>, 'base_price_monthly' | 'currency' | 'enabled_by_default'>) =>
  enabled_by_default && Number(price) === 0 ? 'In every plan' : money(price, currency);
