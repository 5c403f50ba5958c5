/** What somebody looks at. All of it stands in the address, so that a link shows another the same. */
export interface View {
  template: string;
  /** What the reader reads (BCP 47); empty: as the data says. */
  locale: string;
  /** IANA; empty: as the data says. */
  zone: string;
  /** Where the data comes from: empty for the sample, else `sample:de`, `event:12` or `edited:<id>`. */
  data: string;
  tab: Tab;
  width: 'desktop' | 'phone';
  dark: boolean;
  /** The two versions that are compared; empty: what is live, and what the files say. */
  left: string;
  right: string;
}

export const tabs = ['html', 'text', 'source', 'headers', 'versions'] as const;
export type Tab = (typeof tabs)[number];

/** Longer than any name that these can be. */
const longest = 200;

/** Reads an address; what is missing or unknown is what one sees first. */
export function viewOf(query: Readonly<Record<string, string>>, firstTemplate: string): View {
  const text = (name: string) => (query[name] ?? '').trim().slice(0, longest);
  return {
    template: text('template') || firstTemplate,
    locale: text('locale'),
    zone: text('zone'),
    data: text('data'),
    tab: tabs.find((tab) => tab === query['tab']) ?? 'html',
    width: query['width'] === 'phone' ? 'phone' : 'desktop',
    dark: query['dark'] === '1',
    left: text('left'),
    right: text('right'),
  };
}

/** The address of a view, with something about it changed. */
export function hrefOf(view: View, change: Partial<View> = {}, path = '/'): string {
  const { template, locale, zone, data, tab, width, dark, left, right } = { ...view, ...change };
  const fields = {
    template,
    locale,
    zone,
    data,
    tab: tab === 'html' ? '' : tab,
    width: width === 'phone' ? width : '',
    dark: dark ? '1' : '',
    left,
    right,
  };
  return `${path}?${new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== '')).toString()}`;
}

/** The address of the mail itself, for a frame. `stamp` makes it another one when the template is another. */
export function mailHref(view: View, more: { stamp: string; version?: string }): string {
  const shown = hrefOf(view, { tab: 'html', width: 'desktop', left: '', right: '' }, '/mail');
  return `${shown}&${new URLSearchParams({ ...more }).toString()}`;
}
