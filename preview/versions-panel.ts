import { html } from 'hono/html';
import { type Comparison, type FileDiff, filesVersion, type History, type Side } from './compare-versions.ts';
import type { Look } from './look.ts';
import type { Fragment, VersionsFacts } from './page-facts.ts';
import { mailHref, type View } from './view.ts';

/** What was published when and by whom, and two versions side by side. */
export function versionsPanel({ history, comparison }: VersionsFacts, look: Look, view: View): Fragment {
  const { left, right, files } = comparison;
  return html`<div class="pickers">
      ${picker('left', left.version, history)}
      <span aria-hidden="true">→</span> ${picker('right', right.version, history)}
    </div>
    <div class="pair">${rendered(left, look, view)} ${rendered(right, look, view)}</div>
    <h2 class="over">What differs</h2>
    ${differences(comparison, files)}
    <h2 class="over">History</h2>
    ${historyTable(history)}`;
}

function picker(name: 'left' | 'right', chosen: string, { versions, live, pinned }: History): Fragment {
  const marked = (version: string) =>
    [version, ...(version === live ? ['live'] : []), ...(version === pinned ? ['pinned'] : [])].join(', ');
  const options: [string, string][] = [
    [filesVersion, 'The files now'],
    ...versions.map((version): [string, string] => [version, marked(version)]),
  ];
  if (options.every(([version]) => version !== chosen)) options.push([chosen, chosen]);
  return html`<label class="field"
    >${name === 'left' ? 'Compare' : 'with'}
    <select id="${name}" name="${name}" form="controls">
      ${options.map(
        ([version, words]) =>
          html`<option value="${version}" ${version === chosen ? html`selected` : ''}>${words}</option>`,
      )}
    </select></label
  >`;
}

function rendered({ version, template }: Side, { onDisk }: Look, view: View): Fragment {
  const words = version === filesVersion ? 'The files now' : version;
  if (!template) {
    const why = version === filesVersion ? 'The files were never compiled.' : 'This version was never published.';
    return html`<p class="panel note">${words}: ${why}</p>`;
  }
  const stale = version === filesVersion && onDisk.mistakes.length > 0 ? ' (as they were last compiled)' : '';
  return html`<figure>
    <figcaption class="mono">${words}${stale}</figcaption>
    <div class="client pairwise" data-scheme="${view.dark ? 'dark' : 'light'}">
      <iframe
        sandbox=""
        src="${mailHref(view, { version, stamp: template.version })}"
        title="The mail of ${words}"
      ></iframe>
    </div>
  </figure>`;
}

function differences({ left, right }: Comparison, files: readonly FileDiff[]): Fragment {
  if (!left.template || !right.template) return html`<p class="panel note">One of the two is not there to compare.</p>`;
  if (files.length === 0) return html`<p class="panel note">Nothing: both are made of the same words.</p>`;
  return html`${files.map(fileDiff)}`;
}

/** Lines around a change that are shown with it. */
const around = 3;

function fileDiff({ file, lines }: FileDiff): Fragment {
  const near = (index: number) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ sign }) => sign !== ' ');
  const shown = lines.map((line, index) => ({ ...line, index })).filter(({ index }) => near(index));
  return html`<div class="panel source">
    <p class="mono file">${file}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Changes of ${file}">
      <table class="diff mono">
        ${shown.map(
          ({ sign, text, left, right, index }, place) =>
            html`${
                place > 0 && shown[place - 1]?.index !== index - 1
                  ? html`<tr class="gap">
                      <td colspan="4">…</td>
                    </tr>`
                  : ''
              }
              <tr class="${sign === '+' ? 'added' : sign === '-' ? 'removed' : 'same'}">
                <td class="number">${left ?? ''}</td>
                <td class="number">${right ?? ''}</td>
                <td class="sign">${sign}</td>
                <td class="words">${text}</td>
              </tr>`,
        )}
      </table>
    </div>
  </div>`;
}

function historyTable({ entries, live, pinned }: History): Fragment {
  if (entries.length === 0) return html`<p class="panel note">This template was never published.</p>`;
  return html`<div class="panel scroll" tabindex="0" role="region" aria-label="History">
    <table class="history">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Version</th>
          <th scope="col">Who</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ({ action, version, author, message, at }) =>
            html`<tr>
              <td><time datetime="${new Date(at).toISOString()}">${new Date(at).toLocaleString('sv-SE')}</time></td>
              <td>${action}</td>
              <td class="mono">
                ${version} ${version === live ? html`<span class="chip good">live</span>` : ''}
                ${version === pinned ? html`<span class="chip">pinned</span>` : ''}
              </td>
              <td>${author}</td>
              <td>${message}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
