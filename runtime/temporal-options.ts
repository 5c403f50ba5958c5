import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';

import { readSmallFile, shownPath, whyUnreadable } from '../config/small-file.ts';
import { StartError } from './stop-signal.ts';

export interface TemporalSettings {
  /** `host:port` of the gRPC frontend. */
  address: string;
  namespace: string;
  dataConverter?: DataConverter | undefined;
}

/** How to reach Temporal: what both of its clients, the one of Node and the one of the worker's core, take. */
export type TemporalOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & { address: string };

/** Temporal's variables for TLS, by what they hold. Each has a form that ends in _PATH and one that ends in _DATA. */
const pems = {
  ca: 'TEMPORAL_TLS_SERVER_CA_CERT',
  certificate: 'TEMPORAL_TLS_CLIENT_CERT',
  key: 'TEMPORAL_TLS_CLIENT_KEY',
} as const;

const apiKeyFile = 'TEMPORAL_API_KEY_FILE';

/**
 * Returns TLS and API key as Temporal's own variables and its configuration file set them, read again each time: a renewed certificate
 * is used from the next call on. TEMPORAL_API_KEY_FILE is Rivulet's own variable. Throws a StartError that says which variable to correct, never a value.
 */
export function temporalConnectOptions(
  settings: Pick<TemporalSettings, 'address'>,
  env: NodeJS.ProcessEnv = process.env,
): TemporalOptions {
  checkCertificates(env);
  const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: withApiKey(env) });
  return { ...connectionOptions, address: settings.address };
}

function withApiKey(env: NodeJS.ProcessEnv): Record<string, string> {
  const set = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
  const file = set[apiKeyFile];
  if (file === undefined) return set;
  if (set['TEMPORAL_API_KEY']) throw bothSet(apiKeyFile, 'TEMPORAL_API_KEY');
  const key = read(file, apiKeyFile).trim();
  if (!/^[\x21-\x7e]+$/.test(key))
    throw wrong(apiKeyFile, `${shownPath(file)} holds no API key: one line of visible characters`);
  return { ...set, TEMPORAL_API_KEY: key };
}

function checkCertificates(env: NodeJS.ProcessEnv): void {
  const [ca, certificate, key] = [pems.ca, pems.certificate, pems.key].map((name) => pemOf(env, name));
  if (ca) parsed(ca, () => new X509Certificate(ca.text), 'a certificate in PEM');
  if (certificate && !key) throw wrong(certificate.variable, `needs the key of the certificate: set ${pems.key}_PATH`);
  if (key && !certificate) throw wrong(key.variable, `needs the certificate of the key: set ${pems.certificate}_PATH`);
  if (!certificate || !key) return;
  const shown = parsed(certificate, () => new X509Certificate(certificate.text), 'a certificate in PEM');
  const secret = parsed(key, () => createPrivateKey(key.text), 'a private key in PEM, without a passphrase');
  if (!shown.checkPrivateKey(secret)) throw wrong(key.variable, `is not the key of ${certificate.variable}`);
  if (new Date(shown.validTo) < new Date()) throw wrong(certificate.variable, `expired on ${shown.validTo}. Renew it`);
}

interface Pem {
  variable: string;
  text: string;
}

function pemOf(env: NodeJS.ProcessEnv, name: string): Pem | undefined {
  const [path, data] = [env[`${name}_PATH`], env[`${name}_DATA`]];
  if (path && data) throw bothSet(`${name}_PATH`, `${name}_DATA`);
  if (path) return { variable: `${name}_PATH`, text: read(path, `${name}_PATH`) };
  return data ? { variable: `${name}_DATA`, text: data } : undefined;
}

function parsed<T>({ variable }: Pem, parse: () => T, what: string): T {
  try {
    return parse();
  } catch {
    throw wrong(variable, `is not ${what}`);
  }
}

function read(file: string, variable: string): string {
  try {
    return readSmallFile(file);
  } catch (error) {
    throw wrong(variable, `${shownPath(file)}: ${whyUnreadable(error)}`);
  }
}

function wrong(variable: string, what: string): StartError {
  return new StartError(`environment ${variable}: ${what}`);
}

function bothSet(one: string, other: string): StartError {
  return new StartError(`environment ${one} and ${other} are both set. Set one of them`);
}
