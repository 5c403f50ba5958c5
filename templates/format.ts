/** For whom a mail is written. */
export interface Reader {
  /** BCP 47. */
  locale: string;
  /** IANA. */
  timeZone: string;
}

const dateStyles = ['full', 'long', 'medium', 'short'] as const;
type DateStyle = (typeof dateStyles)[number];

/** What templates may do with a value, in the reader's locale and time zone. Each throws an Error that says what it was given. */
export const format = {
  /** `{{money 12.5 "EUR"}}` -> €12.50. The amount is in major units. */
  money(reader: Reader, amount: unknown, currency: unknown): string {
    const units = number('money', amount);
    if (typeof currency !== 'string' || !/^[A-Za-z]{3}$/.test(currency)) {
      throw new Error(`money needs an ISO 4217 currency such as EUR and was given ${describe(currency)}`);
    }
    return numberFormat(reader, { style: 'currency', currency }).format(units);
  },
  /** `{{number 1234.5}}` -> 1,234.5 */
  number(reader: Reader, value: unknown): string {
    return numberFormat(reader, {}).format(number('number', value));
  },
  /** `{{date ms style="long"}}` -> 24 November 2026. Unix milliseconds. */
  date(reader: Reader, ms: unknown, style: unknown = 'long'): string {
    return dateFormat(reader, { dateStyle: dateStyle(style) }).format(instant('date', ms));
  },
  /** `{{time ms}}` -> 09:00 */
  time(reader: Reader, ms: unknown): string {
    return dateFormat(reader, { timeStyle: 'short' }).format(instant('time', ms));
  },
  /** `{{dateTime ms style="long"}}` -> 24 November 2026 at 09:00 CET */
  dateTime(reader: Reader, ms: unknown, style: unknown = 'long'): string {
    const at = instant('dateTime', ms);
    const zone = dateFormat(reader, { timeZoneName: 'short' })
      .formatToParts(at)
      .find(({ type }) => type === 'timeZoneName');
    const clock = dateFormat(reader, { dateStyle: dateStyle(style), timeStyle: 'short' }).format(at);
    return zone ? `${clock} ${zone.value}` : clock;
  },
  /** `{{url "a b&c"}}` -> a%20b%26c. For a part of a link: a value of its query, or one step of its path. */
  url(value: unknown): string {
    if (typeof value === 'number' && Number.isFinite(value)) return encoded(String(value));
    if (typeof value === 'string' || typeof value === 'boolean') return encoded(String(value));
    throw new Error(`url needs a text or a number and was given ${describe(value)}`);
  },
  /** `{{plural 3 one="# day" other="# days"}}` -> 3 days. The forms are those of the locale (CLDR); `other` is needed. */
  plural(reader: Reader, count: unknown, forms: Record<string, unknown>): string {
    const value = number('plural', count);
    const form = forms[new Intl.PluralRules(reader.locale).select(value)] ?? forms['other'];
    if (typeof form !== 'string') throw new Error('plural: needs the form other="…"');
    return form.replaceAll('#', format.number(reader, value));
  },
};

/** All but the unreserved characters of RFC 3986: a `)` or a `'` would end a link in a text part or in a filter. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function number(helper: string, value: unknown): number {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof found === 'number' && Number.isFinite(found)) return found;
  throw new Error(`${helper} needs a number and was given ${describe(value)}`);
}

function instant(helper: string, value: unknown): number {
  const ms = number(helper, value);
  if (Math.abs(ms) <= 8.64e15) return ms;
  throw new Error(`${helper} needs a time in Unix milliseconds and was given ${describe(value)}`);
}

function dateStyle(style: unknown): DateStyle {
  const known = dateStyles.find((one) => one === style);
  if (known) return known;
  throw new Error(`style is none of ${dateStyles.join(', ')}`);
}

/** Not what a text says: it may be somebody's name, and errors are kept in logs and in Temporal. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}

/** Making one costs more than using it a hundred times. */
function kept<Options extends object, Format>(make: (reader: Reader, options: Options) => Format) {
  const formats = new Map<string, Format>();
  return (reader: Reader, options: Options): Format => {
    const key = JSON.stringify([reader.locale, reader.timeZone, options]);
    const known = formats.get(key);
    if (known) return known;
    if (formats.size >= 500) formats.clear();
    const made = make(reader, options);
    formats.set(key, made);
    return made;
  };
}

/** No sign on zero: -0.001 rounds to 0.00, and a discount of nothing is 0, not -0. */
const numberFormat = kept(
  ({ locale }, options: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(locale, { signDisplay: 'negative', ...options }),
);

const dateFormat = kept(
  ({ locale, timeZone }, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options }),
);
