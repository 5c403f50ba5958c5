import { createHmac, hkdfSync } from 'node:crypto';

/** RIVULET_SECRET and, during a rotation and after it, RIVULET_SECRET_PREVIOUS. 64 hexadecimal digits each. */
export interface Secrets {
  secret: string;
  previous?: string | undefined;
}

/** What the record knows of the secret that it was made with. */
export interface SecretOfInstallation {
  check: string;
  /** Once a rotation has begun: of the secret before. */
  previousCheck?: string;
  /** A rotation has begun and is not complete: some hashes are still those under the secret before. */
  isRotating: boolean;
}

/** Which secret an installation has. Without the right one, no suppression is found: a process that has another must not start. */
export interface Installation {
  /** Why a process with these secrets must not start; undefined when it may. The first process of all decides which secret it is. */
  agree(secrets: Secrets): Promise<string | undefined>;
  /** The same, and an installation without a secret stays without one. */
  verify(secrets: Secrets): Promise<string | undefined>;
  /** Returns a random id that is created with the record. Throws until the first process has agreed on a secret. */
  identity(): Promise<string>;
}

/** Shows which secret it is, and nothing of the secret. */
export function secretCheck(secret: string): string {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'rivulet secret check', 32));
  return createHmac('sha256', key).update('rivulet').digest('base64url').slice(0, 32);
}

/** Why a process with these secrets must not start, as a sentence; undefined when it may. */
export function whyRefused(
  { check, previousCheck, isRotating }: SecretOfInstallation,
  { secret, previous }: Secrets,
): string | undefined {
  const [current, before] = [secretCheck(secret), previous === undefined ? undefined : secretCheck(previous)];
  if (current === check) return isRotating && before !== previousCheck ? withoutPrevious : undefined;
  if (before === check) return undefined; // the rotation has not begun
  return current === previousCheck ? beforeRotation : otherSecret;
}

const otherSecret =
  'RIVULET_SECRET is not the one that this installation was made with: under another, no suppression would be found. ' +
  'Set the one that the other processes have; to replace it: rivulet secret rotate.';

const beforeRotation =
  'RIVULET_SECRET is the one from before the rotation of the secret. Set RIVULET_SECRET to the new secret and ' +
  'RIVULET_SECRET_PREVIOUS to this one.';

const withoutPrevious =
  'The secret is being rotated, and RIVULET_SECRET_PREVIOUS is not the one before: some suppressions would not be found. ' +
  'Set it, and complete the rotation with: rivulet secret rotate --confirm.';
