import { z } from 'zod';
import { malformed } from './errors.ts';

// Only types are checked here, as SES's deserializer does: what the values may be is validate.ts. Fields that the
// stand-in does not use are let through, because real SES accepts them.

const content = z.object({ Data: z.string().nullish(), Charset: z.string().nullish() });
const header = z.object({ Name: z.string(), Value: z.string() });
const addresses = z.array(z.string()).nullish();

const attachment = z.object({
  RawContent: z.string(),
  FileName: z.string(),
  ContentType: z.string().nullish(),
  ContentDisposition: z.string().nullish(),
  ContentId: z.string().nullish(),
});

const sendEmailRequest = z.object({
  FromEmailAddress: z.string().nullish(),
  Destination: z.object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses }).nullish(),
  ReplyToAddresses: addresses,
  ConfigurationSetName: z.string().nullish(),
  EmailTags: z.array(z.object({ Name: z.string(), Value: z.string() })).nullish(),
  ListManagementOptions: z.object({ ContactListName: z.string() }).nullish(),
  Content: z
    .object({
      Simple: z
        .object({
          Subject: content.nullish(),
          Body: z.object({ Html: content.nullish(), Text: content.nullish() }).nullish(),
          Headers: z.array(header).nullish(),
          Attachments: z.array(attachment).nullish(),
        })
        .nullish(),
      Raw: z.object({ Data: z.string() }).nullish(),
      Template: z.object({ TemplateName: z.string().nullish(), TemplateArn: z.string().nullish() }).nullish(),
    })
    .nullish(),
});

export type SendEmailRequest = z.infer<typeof sendEmailRequest>;
export type SimpleMessage = NonNullable<NonNullable<SendEmailRequest['Content']>['Simple']>;
export type Content = z.infer<typeof content>;

/** @throws SesError SerializationException when a field is not of its type */
export function readSendEmailRequest(body: unknown): SendEmailRequest {
  const read = sendEmailRequest.safeParse(body);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw malformed(
    `Unexpected value at ${issue?.path.join('.') || 'the top level'}: ${issue?.message ?? 'not readable'}`,
  );
}
