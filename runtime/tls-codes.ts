/**
 * Whether an error code (Node's or OpenSSL's) is about what is configured: what answers speaks another protocol, or shows a
 * certificate that this process does not trust. Unlike a broken connection, neither passes by itself.
 */
export function isMisconfigured(code: string): boolean {
  return /^EPROTO$|^ERR_SSL_(?!.*EOF)|CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/.test(code);
}
