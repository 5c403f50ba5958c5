/** Completes a sentence that starts with a server's name: why one side rejected the other's certificate. Undefined for other errors. */
export function whyUntrusted({ code, message }: Error & { code?: unknown }, caName: string): string | undefined {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'shows a certificate that has expired. Renew it on the server';
    case 'CERT_NOT_YET_VALID':
      return 'shows a certificate that is not valid yet. Check the clocks of both machines';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'shows a certificate for another host name. Use the name that the certificate has';
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return `shows a certificate that no trusted CA has signed. Set ${caName} to the CA that did`;
    default:
      if (/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/.test(String(code)))
        return 'does not speak TLS on this port';
      return /alert (certificate|unknown ca|bad certificate|handshake failure)/.test(message)
        ? 'did not accept the client certificate. Set one that its CA has signed'
        : undefined;
  }
}
