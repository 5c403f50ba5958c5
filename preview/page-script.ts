/**
 * The only script of the page. Every control is a link or a field of a form; this brings what they lead to into the page
 * without loading it anew, follows what is typed and what is saved, and sends the test mail.
 */
export const previewScript = `'use strict';
const byId = (id) => document.getElementById(id);
const parts = ['templates', 'head', 'controls', 'problems', 'tabs', 'stage', 'findings', 'data', 'seeds'];
let asked = 0;

/** Shows an address: each part of the page that has become another one is exchanged. */
async function show(href, { push = false, keep = [] } = {}) {
  const turn = ++asked;
  let text;
  try {
    text = await (await fetch(href, { headers: { accept: 'text/html' } })).text();
  } catch {
    return say('Reconnecting', 'lost');
  }
  if (turn !== asked) return; // something newer was asked for meanwhile
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  if (push) history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  if (!parts.every((id) => fresh.getElementById(id) && byId(id))) return location.reload();
  document.title = fresh.title;
  byId('desk').dataset.tab = fresh.getElementById('desk').dataset.tab;
  for (const id of parts) if (!keep.includes(id)) exchange(byId(id), fresh.getElementById(id));
}

/** A part that says the same stays: its frame is not loaded again, and what somebody types in it is not lost. */
function exchange(shown, fresh) {
  if (shown.outerHTML === fresh.outerHTML) return;
  const focused = shown.contains(document.activeElement) ? document.activeElement : undefined;
  const again = focused && (focused.id || focused.getAttribute('href'));
  shown.replaceWith(document.adoptNode(fresh));
  if (!again) return;
  const same = (element) => element.id === again || element.textContent === focused.textContent;
  [...fresh.querySelectorAll('a, input, select, textarea, button')].find(same)?.focus({ preventScroll: true });
}

/** The address that the controls make. */
function chosen(change = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of [...new FormData(byId('controls')), ...Object.entries(change)]) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  return '/?' + query;
}

addEventListener('click', (event) => {
  const link = event.target.closest('a[data-swap]');
  if (link && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)) {
    event.preventDefault();
    show(link.getAttribute('href'), { push: true });
  }
  if (event.target.id === 'send') sendTest(event.target);
});
addEventListener('change', (event) => event.target.form?.id === 'controls' && show(chosen(), { push: true }));
addEventListener('submit', (event) => {
  event.preventDefault();
  show(chosen(), { push: true });
});
addEventListener('popstate', () => show(location.href));

/** Data is taken when the typing pauses. */
let typing;
addEventListener('input', (event) => {
  if (event.target.id !== 'json') return;
  clearTimeout(typing);
  typing = setTimeout(takeData, 300);
});

async function post(path, body) {
  const reply = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { ok: reply.ok, ...(await reply.json()) };
}

async function takeData() {
  const field = byId('json');
  const { ok, data, message } = await post('/api/data', field.value).catch(unreachable);
  byId('json-problem').textContent = ok ? '' : message;
  field.setAttribute('aria-invalid', String(!ok));
  if (!ok) return;
  const from = byId('data-from');
  let option = [...from.options].find(({ value }) => value.startsWith('edited:'));
  if (!option) from.add((option = new Option('What you have edited', data)));
  option.value = data;
  option.selected = true;
  show(chosen(), { keep: ['data'] });
}

async function sendTest(button) {
  const said = byId('sent');
  button.disabled = true;
  said.textContent = 'Sending …';
  const view = Object.fromEntries(new URLSearchParams(location.search));
  const name = byId('controls').elements.template.value;
  const { ok, outcomes, message } = await post('/api/templates/' + name + '/send', JSON.stringify(view)).catch(unreachable);
  button.disabled = false;
  const failed = (outcomes ?? []).filter(({ failure }) => failure);
  if (!ok) said.textContent = message;
  else if (failed.length === 0) said.textContent = 'Sent to ' + outcomes.map(({ to }) => to).join(', ') + '.';
  else said.textContent = failed.map(({ to, failure }) => to + ': ' + failure).join(' ');
  said.dataset.state = ok && failed.length === 0 ? 'good' : 'bad';
}

const unreachable = () => ({ ok: false, message: 'The preview does not answer. Is npm start running?' });

function say(words, state) {
  byId('live').textContent = words;
  byId('live').dataset.state = state;
}

const source = new EventSource('/live');
let connectedBefore = false;
const refresh = () => {
  const field = byId('json');
  const unsaved = field && (field.value !== field.defaultValue || document.activeElement === field);
  show(location.href, { keep: unsaved ? ['data'] : [] });
};
source.addEventListener('ready', () => {
  say('Live', 'live');
  // What was saved while the connection was away is shown now.
  if (connectedBefore) refresh();
  connectedBefore = true;
});
source.addEventListener('saved', refresh);
source.addEventListener('error', () => say('Reconnecting', 'lost'));
addEventListener('pagehide', () => source.close());
`;
