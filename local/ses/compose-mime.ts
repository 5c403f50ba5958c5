import { encodeHeaderText, foldHeader, toQuotedPrintable, wrapBase64 } from './encode-text.ts';
import type { Attachment, Header, Mail } from './mail.ts';
import { readHeaders, splitMessage } from './read-mime.ts';

/** Headers as the recipient gets them. SES sets Message-ID and Date itself, whatever the sender gave. */
export function outgoingHeaders(mail: Mail): Header[] {
  const stamped: Header[] = [
    { name: 'Date', value: new Date(mail.acceptedAt).toUTCString().replace('GMT', '+0000') },
    { name: 'Message-ID', value: `<${mail.id}@email.amazonses.com>` },
  ];
  if (mail.raw !== undefined) {
    const kept = mail.headers.filter(({ name }) => !/^(date|message-id|bcc|x-ses-.*)$/i.test(name));
    return [...stamped, ...kept];
  }
  const lists: [string, string[]][] = [
    ['To', mail.to],
    ['Cc', mail.cc],
    ['Reply-To', mail.replyTo],
  ];
  return [
    ...stamped,
    { name: 'From', value: mail.from },
    ...lists.filter(([, list]) => list.length > 0).map(([name, list]) => ({ name, value: list.join(', ') })),
    { name: 'Subject', value: encodeHeaderText(mail.subject) },
    ...mail.headers,
    { name: 'MIME-Version', value: '1.0' },
    ...bodyPart(mail).headers,
  ];
}

/** The mail as an .eml file. */
export function composeMime(mail: Mail): Buffer {
  if (mail.raw !== undefined) return restampRaw(mail);
  const head = outgoingHeaders(mail).map(({ name, value }) => foldHeader(name, value));
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${bodyPart(mail).body()}\r\n`);
}

/** Raw content keeps its bytes, except for the headers that SES replaces or removes. latin1 maps bytes one to one. */
function restampRaw(mail: Mail): Buffer {
  const { head, body } = splitMessage(Buffer.from(mail.raw ?? '', 'base64').toString('latin1'));
  const kept = readHeaders(head).filter(({ name }) => !/^(date|message-id|bcc|x-ses-.*)$/i.test(name));
  const stamped = outgoingHeaders(mail).slice(0, 2);
  const lines = [...stamped.map(({ name, value }) => `${name}: ${value}`), ...kept.map(({ source }) => source)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

interface Part {
  headers: Header[];
  /** Encoded only when asked for: an event needs the headers of a mail, not its body. */
  body: () => string;
}

function bodyPart(mail: Mail): Part {
  const alternatives = [
    ...(mail.text === undefined ? [] : [textPart('plain', mail.text)]),
    ...(mail.html === undefined ? [] : [textPart('html', mail.html)]),
  ];
  const text = joinParts('alternative', `alt_${mail.id}`, alternatives);
  const inline = mail.attachments.filter((attachment) => attachment.inline).map(attachmentPart);
  const attached = mail.attachments.filter((attachment) => !attachment.inline).map(attachmentPart);
  const related = joinParts('related', `rel_${mail.id}`, [text, ...inline]);
  return joinParts('mixed', `mix_${mail.id}`, [related, ...attached]);
}

/** One part needs no envelope. The boundary holds "=_", which no quoted-printable or base64 line can. */
function joinParts(kind: 'alternative' | 'related' | 'mixed', id: string, parts: Part[]): Part {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const boundary = `=_${id}`.slice(0, 70);
  const lines = ({ headers, body }: Part) =>
    `--${boundary}\r\n${headers.map(({ name, value }) => foldHeader(name, value)).join('\r\n')}\r\n\r\n${body()}\r\n`;
  return {
    headers: [{ name: 'Content-Type', value: `multipart/${kind}; boundary="${boundary}"` }],
    body: () => `${parts.map(lines).join('')}--${boundary}--`,
  };
}

function textPart(subtype: 'plain' | 'html', text: string): Part {
  return {
    headers: [
      { name: 'Content-Type', value: `text/${subtype}; charset=UTF-8` },
      { name: 'Content-Transfer-Encoding', value: 'quoted-printable' },
    ],
    body: () => toQuotedPrintable(text),
  };
}

function attachmentPart({ fileName, contentType, inline, contentId, content }: Attachment): Part {
  const name = encodeHeaderText(fileName).replaceAll('"', '');
  return {
    headers: [
      { name: 'Content-Type', value: `${contentType}; name="${name}"` },
      { name: 'Content-Transfer-Encoding', value: 'base64' },
      { name: 'Content-Disposition', value: `${inline ? 'inline' : 'attachment'}; filename="${name}"` },
      ...(contentId === undefined ? [] : [{ name: 'Content-ID', value: `<${contentId.replace(/[<>\s]/g, '')}>` }]),
    ],
    body: () => wrapBase64(content),
  };
}
