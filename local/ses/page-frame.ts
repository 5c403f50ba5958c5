import { html } from 'hono/html';

type Fragment = ReturnType<typeof html>;

/** The frame around every page. `html` escapes whatever is put into it; nothing here may use `raw`. */
export function pageFrame(title: string, content: Fragment, search = ''): Fragment {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/inbox.css" />
        <script src="/inbox.js" defer></script>
      </head>
      <body>
        <header class="bar">
          <div class="wide">
            <a class="brand" href="/">
              <img src="/icon.svg" alt="" width="28" height="28" /><span>Inbox <small>SES stand-in</small></span>
            </a>
            <form class="search" action="/" method="get" role="search">
              <input
                type="search"
                name="to"
                value="${search}"
                placeholder="Search by recipient"
                aria-label="Search by recipient"
                autocomplete="off"
                spellcheck="false"
              />
              <button type="submit">Search</button>
            </form>
            <span id="live" class="live" role="status" data-state="off"></span>
          </div>
        </header>
        <main class="wide">${content}</main>
      </body>
    </html>`;
}

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="8" fill="#2563c9"/><path d="M6 11c2.7-2.6 5.3-2.6 8 0s5.3 2.6 8 0M6 17c2.7-2.6 5.3-2.6 8 0s5.3 2.6 8 0" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/></svg>`;
