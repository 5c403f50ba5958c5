import type { Logger } from './log.ts';

/** The oldest supported major version. The AWS SDK drops the one before in January 2027. */
const oldest = 22;

/** Logs that this Node.js is too old, instead of the plain-text warning that the AWS SDK writes to stderr. */
export function reportNodeVersion(log: Pick<Logger, 'warn'>, version = process.version): void {
  if (Number.parseInt(version.slice(1)) >= oldest) return;
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  log.warn({ version, oldest }, 'node.unsupported');
}
