import type { Pages } from './pages.ts';

/** The mail whose link it is. */
export const mail = 'm'.repeat(43);
export const leaving = ({ links, ada }: Pages, topic = 'offers') => links.unsubscribe(ada.user_id, topic, mail);

/** As a mail program posts: no cookies, nobody behind it, and it wants no page. */
export const oneClick = (url: string) =>
  fetch(url, {
    method: 'POST',
    body: 'List-Unsubscribe=One-Click',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
