import { SesError } from './errors.ts';

const toleranceMs = 5 * 60_000;

/**
 * Any key will do, but a request without a signature, or with one made by a clock that is wrong, would fail at the real
 * SES, so it fails here. `date` is the header x-amz-date, `now` Unix ms.
 * @throws SesError
 */
export function assertSigned(authorization: string | undefined, date: string | undefined, now: number): void {
  if (authorization === undefined) {
    throw new SesError('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
  }
  if (!/^AWS4-HMAC-SHA256 Credential=[^,]+, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$/.test(authorization)) {
    throw new SesError('MissingAuthenticationTokenException', 403, 'Authorization is not an AWS Signature Version 4.');
  }
  if (date !== undefined) assertFresh(date, now);
}

/** The answer's Date header, which Node writes, tells the client how wrong its clock is. */
function assertFresh(date: string, now: number): void {
  const signed = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(signed)) {
    throw new SesError('IncompleteSignatureException', 403, `Date must be in ISO-8601 'basic format'. Got '${date}'.`);
  }
  const edges = { earliest: now - toleranceMs, latest: now + toleranceMs };
  if (signed < edges.earliest) {
    const rule = `${basic(edges.earliest)} (${basic(now)} - 5 min.)`;
    throw new SesError('InvalidSignatureException', 403, `Signature expired: ${date} is now earlier than ${rule}`);
  }
  if (signed > edges.latest) {
    const rule = `${basic(edges.latest)} (${basic(now)} + 5 min.)`;
    throw new SesError(
      'InvalidSignatureException',
      403,
      `Signature not yet current: ${date} is still later than ${rule}`,
    );
  }
}

const basic = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
