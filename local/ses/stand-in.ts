import { setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { EventFeed } from './event-feed.ts';
import { FaultPlan } from './faults.ts';
import type { SesEvent } from './feedback.ts';
import { refuseCrossOriginChanges, refuseForeignHosts, securityHeaders } from './guards.ts';
import { inboxApi } from './inbox-api.ts';
import { inboxPages } from './inbox-pages.ts';
import { LiveUpdates } from './live-updates.ts';
import { MailLog } from './mail-log.ts';
import { Mailbox } from './mailbox.ts';
import type { Account } from './send-email.ts';
import { SendingRecord } from './sending-record.ts';
import { sesApi } from './ses-api.ts';
import { SuppressionList } from './suppression-list.ts';

export interface SesStandInOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Where to listen. Anything but loopback is for containers only: the inbox asks for no password. */
  host?: string;
  /** Host names to answer to, beside loopback and (where `host` is not loopback) names of one word. */
  allowedHosts?: readonly string[];
  /** Mails kept. Default 5000. */
  maxMails?: number;
  /** Bytes of mails kept in memory. Default 64 MiB. */
  maxBytes?: number;
  /** Mean time a request takes, and the fraction by which it varies. */
  latencyMs?: number;
  latencyJitter?: number;
  /** The account's quota, as GetAccount answers it; enforced once `faults.enforceRate` is on. */
  maxSendRate?: number;
  max24HourSend?: number;
  /** Called with every SES event; a rejection is ignored. */
  onEvent?: (event: SesEvent) => void | Promise<void>;
  /** Between acceptance and the first event, and between the events of a mail. */
  feedbackDelayMs?: number;
  /** A folder for an append-only file, so that the inbox survives a restart. */
  dir?: string;
}

export interface SesStandIn {
  /** The endpoint for the SDK, and the address of the inbox. */
  url: string;
  mailbox: Mailbox;
  record: SendingRecord;
  faults: FaultPlan;
  suppressionList: SuppressionList;
  close(): Promise<void>;
}

/** Starts a local stand-in for SES: its HTTP API, its events, and an inbox to look into. */
export async function startSesStandIn(options: SesStandInOptions = {}): Promise<SesStandIn> {
  const { host = '127.0.0.1', dir, maxBytes = 64 * 1024 * 1024 } = options;
  const closing = new AbortController();
  // Every open page and every held request listens to it; Node would take more than ten for a leak.
  setMaxListeners(0, closing.signal);
  const log = dir === undefined ? undefined : new MailLog(dir, maxBytes);
  const mailbox = new Mailbox({ maxMails: options.maxMails ?? 5000, maxBytes, log });
  const faults = new FaultPlan();
  const record = new SendingRecord();
  const suppressionList = new SuppressionList();
  const feed = new EventFeed({
    faults,
    delayMs: options.feedbackDelayMs ?? 0,
    onEvent: options.onEvent ?? (() => undefined),
  });
  const account: Account = {
    mailbox,
    record,
    faults,
    suppressionList,
    maxSendRate: options.maxSendRate ?? 14,
    max24HourSend: options.max24HourSend ?? 50_000,
    onAccepted: (mail) => feed.announce(mail),
  };

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(refuseForeignHosts(options.allowedHosts ?? [], !isLoopback(host)));
  app.route('/', sesApi(account, { ms: options.latencyMs ?? 0, jitter: options.latencyJitter ?? 0 }, closing.signal));
  app.use(securityHeaders, refuseCrossOriginChanges);
  app.route('/api', inboxApi(account, feed));
  app.route('/', inboxPages(mailbox, new LiveUpdates(mailbox, closing.signal)));

  // The globals stay Node's own: in a test this runs in the process of the code under test.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  // Node ends a connection that was idle for 5 s, at times in the very moment in which a client uses it again: the answer to
  // that send is lost, and its mail in doubt. Front ends of providers wait about so long.
  server.keepAliveTimeout = 60_000;
  const url = await listen(server, options.port ?? 0, host);
  return {
    url,
    mailbox,
    record,
    faults,
    suppressionList,
    async close() {
      feed.close();
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return `http://${isLoopback(host) ? host : '127.0.0.1'}:${address.port}`;
}
