import {
  DeleteSuppressedDestinationCommand,
  GetAccountCommand,
  ListSuppressedDestinationsCommand,
  type ListSuppressedDestinationsCommandOutput,
  PutSuppressedDestinationCommand,
  type SESv2Client,
} from '@aws-sdk/client-sesv2';

import type { ListedPage, SuppressionList } from './mailer.ts';
import { ReadingError } from './provider-error.ts';

/** The most that SES gives at once. Each page costs a second, so the fewer the better. */
const pageSize = 1_000;

/** Asks SES once when it is our turn, and throws a ReadingError. */
type Call = <T>(ask: (client: SESv2Client) => Promise<T>) => Promise<T>;

/** The suppression list of the SES account. An address stands on it once, for one reason. */
export function createSesSuppressionList(call: Call): SuppressionList {
  return {
    async *list(since, from) {
      for (let token = from, first = true; first || token !== undefined; first = false) {
        const input = { PageSize: pageSize, ...(since && { StartDate: since }), ...(token && { NextToken: token }) };
        const reply = await call((client) => client.send(new ListSuppressedDestinationsCommand(input)));
        token = reply.NextToken || undefined;
        yield { entries: entriesOf(reply), ...(token !== undefined && { next: token }) };
      }
    },
    // In the sandbox SES lets nobody add to the list.
    mayPut: async () =>
      (await call((client) => client.send(new GetAccountCommand({})))).ProductionAccessEnabled === true,
    put: async (EmailAddress, Reason) =>
      unless('BadRequestException', () =>
        call((client) => client.send(new PutSuppressedDestinationCommand({ EmailAddress, Reason }))),
      ),
    async delete(EmailAddress) {
      await unless('NotFoundException', () =>
        call((client) => client.send(new DeleteSuppressedDestinationCommand({ EmailAddress }))),
      );
    },
  };
}

function entriesOf(reply: ListSuppressedDestinationsCommandOutput): ListedPage['entries'] {
  return (reply.SuppressedDestinationSummaries ?? []).flatMap(({ EmailAddress, Reason, LastUpdateTime }) => {
    if (!EmailAddress || (Reason !== 'BOUNCE' && Reason !== 'COMPLAINT')) return [];
    return [{ address: EmailAddress, reason: Reason, since: LastUpdateTime?.getTime() ?? Date.now() }];
  });
}

/** Whether SES did it; false when it answers with the error of this name. */
async function unless(name: string, ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof ReadingError && error.answer.name === name) return false;
    throw error;
  }
}
