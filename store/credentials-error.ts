/** The settings of a connection are unusable. The message names the setting, its place and a valid value, and never quotes a secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}
