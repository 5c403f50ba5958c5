/** What is configured for a connection cannot be used. The message says which setting, where and what would be right, and never quotes a secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}
