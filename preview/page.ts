import { html } from 'hono/html';
import { findingsPart, dataPart, seedsPart } from './aside.ts';
import { controlsPart } from './controls.ts';
import type { Look } from './look.ts';
import type { Fragment, PageFacts } from './page-facts.ts';
import { stagePart } from './stage.ts';
import type { OnDisk } from './templates-on-disk.ts';
import { hrefOf, type Tab, tabs, type View } from './view.ts';

/** The whole page. Each part has an id, by which the script brings it up to date. `html` escapes whatever is put into it. */
export function previewPage(facts: PageFacts): Fragment {
  const { view, look } = facts;
  return frame(
    view.template,
    html`<div class="desk" id="desk" data-tab="${view.tab}">
      ${templatesPart(facts.all, view)}
      <main>
        ${headPart(look, view)} ${controlsPart(look, view)} ${problemsPart(look)} ${tabsPart(view)} ${stagePart(facts)}
      </main>
      <aside aria-label="About this template">${findingsPart(look)} ${dataPart(facts)} ${seedsPart(facts)}</aside>
    </div>`,
  );
}

/** Asked for a template that there is not. */
export function missingPage(view: View, all: readonly OnDisk[]): Fragment {
  return frame(
    'No such template',
    html`<div class="desk" id="desk" data-tab="html">
      ${templatesPart(all, view)}
      <main>
        <section id="stage" tabindex="-1" aria-labelledby="missing">
          <h1 id="missing">There is no template “${view.template}”</h1>
          <p class="note">Choose one of the list. A new one is a folder of templates with a mail.mjml in it.</p>
        </section>
      </main>
    </div>`,
  );
}

function frame(title: string, content: Fragment): Fragment {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Preview</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/preview.css" />
        <script src="/preview.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#stage">To the mail</a>
        <header class="bar">
          <a class="brand" href="/"><img src="/icon.svg" alt="" width="26" height="26" /> Preview</a>
          <span id="live" class="live" role="status" data-state="off"></span>
        </header>
        ${content}
      </body>
    </html>`;
}

function templatesPart(all: readonly OnDisk[], view: View): Fragment {
  const groups: [string, OnDisk[]][] = [
    ['Marketing', all.filter(({ last }) => last?.class === 'marketing')],
    ['Transactional', all.filter(({ last }) => last?.class === 'transactional')],
    ['Not compiled yet', all.filter(({ last }) => !last)],
  ];
  return html`<nav id="templates" class="templates" aria-label="Templates">
    ${groups
      .filter(([, members]) => members.length > 0)
      .map(
        ([name, members]) =>
          html`<h2>${name}</h2>
            <ul>
              ${members.map((member) => templateLink(member, view))}
            </ul>`,
      )}
  </nav>`;
}

function templateLink(onDisk: OnDisk, view: View): Fragment {
  const { name } = onDisk;
  const current = name === view.template;
  // Languages are the template's own, and so are events and versions.
  const href = hrefOf(view, { template: name, ...(!current && { data: '', left: '', right: '' }) });
  return html`<li>
    <a href="${href}" data-swap ${current ? html`aria-current="page"` : ''}><span>${name}</span>${mark(onDisk)}</a>
  </li>`;
}

function mark({ mistakes, findings }: OnDisk): Fragment | string {
  const errors = mistakes.length + findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const shown = [
    ...(errors > 0 ? [html`<span class="mark error">${counted(errors, 'error')}</span>`] : []),
    ...(warnings > 0 ? [html`<span class="mark warning">${counted(warnings, 'warning')}</span>`] : []),
  ];
  return shown.length > 0 ? html`<span class="marks">${shown}</span>` : '';
}

/** The number for the eye, the word for who listens. */
function counted(count: number, what: string): Fragment {
  return html`${count}<span class="unseen"> ${count === 1 ? what : `${what}s`}</span>`;
}

function headPart({ onDisk, template, standing }: Look, view: View): Fragment {
  return html`<div id="head" class="head">
    <h1>${view.template}</h1>
    <p class="chips">
      ${
        template
          ? html`<span class="chip">${template.class}</span>
              ${template.topic === undefined ? '' : html`<span class="chip">topic ${template.topic}</span>`}
              ${template.events.map((type) => html`<span class="chip mono">${type}</span>`)}
              <span class="chip mono" title="Version: the hash of all that the mail is made of"
                >${template.version}</span
              >`
          : ''
      }
    </p>
    ${standing === 'files' ? '' : brokenNotice(onDisk, template !== undefined, standing)}
  </div>`;
}

function brokenNotice({ mistakes }: OnDisk, isShown: boolean, standing: Look['standing']): Fragment {
  const instead = !isShown
    ? 'It was never compiled, and nothing is published.'
    : standing === 'last good'
      ? 'Below is the last version that could be compiled.'
      : 'Below is the published version.';
  return html`<div class="notice error" role="alert">
    <p><b>The files cannot be compiled.</b> ${instead}</p>
    <ul>
      ${mistakes.map((mistake) => html`<li class="mono">${mistake}</li>`)}
    </ul>
  </div>`;
}

function problemsPart({ problems }: Look): Fragment {
  return html`<div id="problems" role="status">
    ${problems.map((problem) => html`<p class="notice warning">${problem}</p>`)}
  </div>`;
}

const tabNames: Record<Tab, string> = {
  html: 'HTML',
  text: 'Text',
  source: 'Source',
  headers: 'Headers',
  versions: 'Versions',
};

function tabsPart(view: View): Fragment {
  return html`<nav id="tabs" class="tabs" aria-label="Sides of the mail">
    ${tabs.map(
      (tab) =>
        html`<a href="${hrefOf(view, { tab })}" data-swap ${tab === view.tab ? html`aria-current="page"` : ''}
          >${tabNames[tab]}</a
        >`,
    )}
  </nav>`;
}
