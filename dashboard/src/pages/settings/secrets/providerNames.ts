/** What people call those who hold master keys. */
const PROVIDERS: Record<string, string> = { local: 'File or variable', vault: 'Vault', 'aws-kms': 'AWS KMS' };

export const providerName = (provider: string) => PROVIDERS[provider] ?? provider;
