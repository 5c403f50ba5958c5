/** The only script of the inbox: keeps an open list fresh. Without it the pages work all the same. */
export const INBOX_SCRIPT = `'use strict';
const status = document.getElementById('live');
const source = new EventSource('/events');
let busy = false;
let again = false;

function say(text, state) {
  if (!status) return;
  status.textContent = text;
  status.dataset.state = state;
}

// One load at a time: a burst of mails must not become a burst of requests.
async function refresh() {
  if (!document.getElementById('mails')) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const reply = await fetch(location.href, { headers: { accept: 'text/html' } });
    const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').getElementById('mails');
    const shown = document.getElementById('mails');
    if (fresh && shown) {
      const focused = document.activeElement && shown.contains(document.activeElement) ? document.activeElement.id : '';
      const known = new Set(Array.from(shown.querySelectorAll('.mail'), (mail) => mail.id));
      for (const mail of fresh.querySelectorAll('.mail')) if (!known.has(mail.id)) mail.classList.add('fresh');
      shown.replaceWith(document.adoptNode(fresh));
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  } catch {
    say('Reconnecting', 'lost');
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  busy = false;
  if (again) {
    again = false;
    refresh();
  }
}

let connectedBefore = false;
source.addEventListener('ready', () => {
  say('Live', 'live');
  // Whatever came while the connection was away is fetched now.
  if (connectedBefore) refresh();
  connectedBefore = true;
});
source.addEventListener('inbox', refresh);
source.addEventListener('error', () => say('Reconnecting', 'lost'));
addEventListener('pagehide', () => source.close());
`;
