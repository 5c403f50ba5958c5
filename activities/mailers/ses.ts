import {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetEmailIdentityCommand,
  SendEmailCommand,
  type SendEmailCommandInput,
  SESv2Client,
} from '@aws-sdk/client-sesv2';

import { messageTagName } from '../../store/message-key.ts';
import { domainOf, type Gate } from '../../store/stops.ts';
import { MailerError } from '../failures.ts';
import { createHttpHandler, NotReached } from './http-handler.ts';
import type { Mail, Mailer } from './mailer.ts';
import { encodeDisplayName } from './mime-words.ts';
import { ReadingError } from './provider-error.ts';
import { answerOf, type SdkError } from './ses-answers.ts';
import { classifySesError } from './ses-errors.ts';
import { createSesSuppressionList } from './ses-suppression-list.ts';

export interface SesSettings {
  configurationSet: string;
  /** How long one call may take, in milliseconds. */
  requestTimeoutMs: number;
  /** Sends under way at once; each needs a socket. */
  concurrency: number;
  /** Waits for the turn of a reading call: SES takes one a second for the whole account. */
  readingTurn: () => Promise<void>;
}

/**
 * Amazon SES v2. Region, credentials and endpoint come from the AWS SDK's own environment variables.
 * The SDK's retries are off: it would repeat a request whose answer was lost, and that is a second mail.
 */
export function createSesMailer(settings: SesSettings): Mailer {
  const { configurationSet, requestTimeoutMs, readingTurn } = settings;
  // One for all clients there will be: it owns the sockets, and other sends are on them while credentials are read anew.
  const requestHandler = createHttpHandler({ concurrency: settings.concurrency, timeoutMs: requestTimeoutMs });
  let client = new SESv2Client({ maxAttempts: 1, requestHandler });

  const sendOnce = async (mail: Mail, call: Call): Promise<string> => {
    const reply = await readyWithin(requestTimeoutMs, (ready) =>
      client.send(
        toCommand(mail, configurationSet, async () => {
          ready();
          await call.lastCheck();
          call.begun = true;
        }),
      ),
    );
    if (!reply.MessageId)
      throw new MailerError({ kind: 'accepted_id_unknown' }, 'SES answered 200 without a MessageId');
    return reply.MessageId;
  };
  const read = async <T>(ask: () => Promise<T>): Promise<T> => {
    await readingTurn();
    return readable(2 * requestTimeoutMs, ask);
  };
  const account = () => read(() => client.send(new GetAccountCommand({})));

  return {
    async send(mail, lastCheck) {
      let gaveUp: unknown;
      const check = () =>
        lastCheck().catch((error: unknown) => {
          throw (gaveUp = error);
        });
      const call: Call = { lastCheck: check, begun: false };
      try {
        const used = client;
        try {
          return await sendOnce(mail, call);
        } catch (error) {
          if (error === gaveUp || !worthAnotherTry(error)) throw error;
          // Only a new client asks for credentials anew. What it knows of the clock, it learnt from SES.
          const { systemClockOffset } = used.config;
          if (client === used) client = new SESv2Client({ maxAttempts: 1, requestHandler, systemClockOffset });
          call.begun = false;
          return await sendOnce(mail, call);
        }
      } catch (error) {
        if (error instanceof MailerError || error === gaveUp) throw error;
        const { from, to, personal } = mail;
        throw classifySesError(error, { from, to, personal, configurationSet, begun: call.begun });
      }
    },
    async readAccount() {
      const { SendQuota: quota } = await account();
      if (quota?.MaxSendRate === undefined || quota.Max24HourSend === undefined) return undefined;
      return {
        maxPerSecond: quota.MaxSendRate,
        max24Hours: quota.Max24HourSend,
        sent24Hours: quota.SentLast24Hours ?? 0,
      };
    },
    async isOver(gate) {
      if (gate.scope.startsWith('identity:')) {
        return identityIsVerified(gate, (EmailIdentity) =>
          read(() => client.send(new GetEmailIdentityCommand({ EmailIdentity }))),
        );
      }
      if (gate.scope === 'credentials') return credentialsWork(gate, account);
      const set = await read(() =>
        client.send(new GetConfigurationSetCommand({ ConfigurationSetName: configurationSet })),
      );
      if (gate.scope !== 'account') return set.SendingOptions?.SendingEnabled !== false;
      const { SendingEnabled, EnforcementStatus } = await account();
      return (
        SendingEnabled === true && EnforcementStatus !== 'SHUTDOWN' && set.SendingOptions?.SendingEnabled !== false
      );
    },
    suppressionList: createSesSuppressionList((ask) => read(() => ask(client))),
    close: () => requestHandler.destroy(),
  };
}

/** One call to SES: what is asked before it, and whether it has begun. */
interface Call {
  lastCheck: () => Promise<void>;
  begun: boolean;
}

/**
 * Does `work`, which calls back once all that comes before the call itself is done, such as reading credentials. Where that takes
 * longer than `ms`, throws, and what was begun comes no further.
 */
function readyWithin<T>(ms: number, work: (ready: () => void) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new NotReached('CREDENTIALS_TIMEOUT'));
    }, ms);
    const ready = () => {
      if (late) throw new NotReached('CREDENTIALS_TIMEOUT');
      clearTimeout(timer);
    };
    work(ready)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}

/**
 * SES let nobody in, so the mail did not leave, and one more try with fresh credentials may do: they have expired since
 * they were read, or this machine's clock is wrong, which the SDK has learnt from the answer by now.
 */
function worthAnotherTry(error: unknown): boolean {
  const { name = '', $metadata: { httpStatusCode: status = 0, clockSkewCorrected } = {} } = error as SdkError;
  // The SDK corrects its clock after any answer with another time: after a 500, too, which may have taken the mail.
  const letNobodyIn = status >= 400 && status < 500;
  return letNobodyIn && (clockSkewCorrected === true || ['ExpiredToken', 'ExpiredTokenException'].includes(name));
}

/** A sender is verified as an address, by its domain, or by a domain above that; any will do. */
async function identityIsVerified(
  { scope, reason }: Gate,
  read: (identity: string) => Promise<{
    VerifiedForSendingStatus?: boolean | undefined;
    MailFromAttributes?: { MailFromDomainStatus?: string | undefined } | undefined;
  }>,
): Promise<boolean> {
  const identity = scope.slice('identity:'.length);
  const labels = domainOf(identity).split('.');
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
  const names = new Set([identity, ...domains]);
  let lastError: unknown;
  for (const name of names) {
    try {
      const { VerifiedForSendingStatus, MailFromAttributes } = await read(name);
      const mailFromWorks =
        reason !== 'MailFromDomainNotVerifiedException' || MailFromAttributes?.MailFromDomainStatus === 'SUCCESS';
      if (VerifiedForSendingStatus === true && mailFromWorks) return true;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
  }
  if (lastError !== undefined) throw lastError;
  return false;
}

/**
 * Any answer to a reading call shows that the credentials are known. Being denied the reading call shows it too, unless
 * being denied is what closed the gate: then only a person can tell.
 */
async function credentialsWork({ reason }: Gate, account: () => Promise<unknown>): Promise<boolean> {
  try {
    await account();
    return true;
  } catch (error) {
    const denied = error instanceof ReadingError && error.answer.name.startsWith('AccessDenied');
    if (!denied || reason.startsWith('AccessDenied')) throw error;
    return true;
  }
}

/** The deadline is for what comes before the call: the call has one of its own. */
async function readable<T>(ms: number, ask: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotReached('CREDENTIALS_TIMEOUT')), ms);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    throw new ReadingError(answerOf(error ?? {}));
  } finally {
    clearTimeout(timer);
  }
}

function toCommand(mail: Mail, configurationSet: string, lastCheck: () => Promise<void>): SendEmailCommand {
  const utf8 = (text: string) => ({ Data: text, Charset: 'UTF-8' });
  const input: SendEmailCommandInput = {
    FromEmailAddress: encodeDisplayName(mail.from),
    ...(mail.replyTo !== undefined && { ReplyToAddresses: [encodeDisplayName(mail.replyTo)] }),
    Destination: { ToAddresses: [mail.to] },
    Content: {
      Simple: {
        Subject: utf8(mail.subject),
        Body: { Html: utf8(mail.html), Text: utf8(mail.text) },
        Headers: mail.headers.map(({ name, value }) => ({ Name: name, Value: value })),
      },
    },
    ConfigurationSetName: configurationSet,
    EmailTags: [
      { Name: messageTagName, Value: mail.tag },
      ...Object.entries(mail.groups ?? {}).map(([Name, Value]) => ({ Name, Value })),
    ],
  };
  const command = new SendEmailCommand(input);
  // The innermost step: signed, serialised, credentials resolved. After it comes only the HTTP handler.
  command.middlewareStack.add(
    (next) => async (args) => {
      await lastCheck();
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'rivuletLastCheck' },
  );
  return command;
}
