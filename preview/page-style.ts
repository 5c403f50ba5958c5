import { mailStyle } from './mail-style.ts';

/** The look of the page. Served as /preview.css, because the page's policy forbids inline styles. */
export const previewStyle = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7;
  --card: #ffffff;
  --ink: #1b2430;
  --soft: #586473;
  --line: #e1e5eb;
  --edge: #8a94a1;
  --hover: #eef2f8;
  --accent: #1f5bbf;
  --accent-soft: #e6eefb;
  --error: #a3301b;
  --error-soft: #fcebe6;
  --warning: #7a5200;
  --warning-soft: #fdf2d8;
  --good: #176f45;
  --good-soft: #e2f4ea;
  --radius: 12px;
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151b;
    --card: #191f28;
    --ink: #e7ebf0;
    --soft: #9ca8b6;
    --line: #2a323d;
    --edge: #657181;
    --hover: #202835;
    --accent: #84b3ff;
    --accent-soft: #1e2d47;
    --error: #ff9d86;
    --error-soft: #3b211b;
    --warning: #f0c063;
    --warning-soft: #362b14;
    --good: #63d29c;
    --good-soft: #16301f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 64px; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
a { color: var(--accent); text-underline-offset: 2px; }
p { margin: 0; }
ul, ol { list-style: none; margin: 0; padding: 0; }
h1, h2 { margin: 0; font-weight: 650; }
h1 { font-size: 22px; line-height: 1.25; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 13px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
[tabindex='-1']:focus { outline: none; }
.mono, code { font-family: var(--mono); font-size: 12px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 12px; top: -60px; z-index: 3; background: var(--card); padding: 10px 14px; border-radius: 8px; }
.skip:focus { top: 8px; }

.bar {
  position: sticky; top: 0; z-index: 2; display: flex; align-items: center; justify-content: space-between;
  height: 52px; padding: 0 24px; background: var(--card); border-bottom: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: 11px; font-size: 15px; font-weight: 650; color: inherit; text-decoration: none; }
.live { color: var(--soft); font-size: 13px; }
.live:not(:empty)::before {
  content: ''; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--good); margin-right: 7px;
}
.live[data-state='lost']::before { background: var(--error); }

.desk {
  display: grid; grid-template-columns: 196px minmax(0, 1fr) 284px; gap: 0 24px; align-items: start;
  max-width: 1560px; margin: 0 auto; padding: 0 22px;
}
main { padding: 24px 0 64px; min-width: 0; }
aside { padding: 24px 0 64px; display: grid; gap: 14px; min-width: 0; }
.desk[data-tab='versions'], .desk[data-tab='source'] { grid-template-columns: 196px minmax(0, 1fr); }
.desk[data-tab='versions'] aside, .desk[data-tab='source'] aside { grid-column: 2; grid-template-columns: 1fr 1fr; padding-top: 0; align-items: start; }
.desk[data-tab='versions'] #data, .desk[data-tab='source'] #data { grid-column: 2; grid-row: 1 / span 2; }
.desk[data-tab='versions'] main, .desk[data-tab='source'] main { padding-bottom: 28px; }

/* The templates */
.templates { position: sticky; top: 52px; padding: 22px 0; max-height: calc(100vh - 52px); overflow-y: auto; grid-row: 1 / span 2; }
.templates h2 { color: var(--soft); font-weight: 550; padding: 0 10px; margin: 18px 0 6px; }
.templates h2:first-child { margin-top: 0; }
.templates a {
  display: flex; align-items: center; justify-content: space-between; gap: 8px; padding: 6px 10px; border-radius: 8px;
  color: inherit; text-decoration: none; overflow-wrap: anywhere;
}
.templates a:hover { background: var(--hover); }
.templates a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.templates a:focus-visible { outline-offset: -2px; }
.marks { display: flex; gap: 4px; flex: none; }
.mark { position: relative; border-radius: 999px; padding: 0 7px; font-size: 12px; font-weight: 600; line-height: 19px; }
.mark.error { background: var(--error-soft); color: var(--error); }
.mark.warning { background: var(--warning-soft); color: var(--warning); }

/* What it is, and for whom */
.chips { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 8px; }
.chip { border: 1px solid var(--line); background: var(--card); color: var(--soft); border-radius: 6px; padding: 1px 8px; font-size: 12px; line-height: 19px; }
.chip.good { border-color: transparent; background: var(--good-soft); color: var(--good); font-weight: 600; }
.notice { border-radius: 10px; padding: 11px 14px; margin-top: 14px; overflow-wrap: anywhere; }
.notice.error { background: var(--error-soft); color: var(--ink); border-left: 3px solid var(--error); }
.notice.error b { color: var(--error); }
.notice.warning { background: var(--warning-soft); color: var(--ink); border-left: 3px solid var(--warning); }
.notice li { margin-top: 6px; }
.controls { margin-top: 18px; display: grid; gap: 10px; }
.row { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; }
.choice { display: inline-flex; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 3px; flex-wrap: wrap; }
.choice a { padding: 4px 11px; border-radius: 7px; color: var(--soft); text-decoration: none; white-space: nowrap; }
.choice a:hover { color: var(--ink); background: var(--hover); }
.choice a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.field { display: inline-flex; align-items: center; gap: 8px; color: var(--soft); }
.field.wide { display: grid; gap: 5px; }
input, select, textarea {
  font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding: 5px 9px; min-width: 0;
}
input::placeholder { color: var(--soft); opacity: 1; }
select { max-width: 100%; }
textarea { font: 12px/1.6 var(--mono); width: 100%; resize: vertical; padding: 9px 11px; white-space: pre; overflow: auto; }
textarea[aria-invalid='true'] { border-color: var(--error); }
.taken { color: var(--soft); }
.taken b { color: var(--ink); }
button {
  font: inherit; font-weight: 600; cursor: pointer; color: #fff; background: #1f5bbf; border: 0; border-radius: 9px; padding: 8px 14px;
}
button:hover:not(:disabled) { background: #194c9f; }
button:disabled { cursor: default; background: var(--line); color: var(--soft); }
.tabs { display: flex; gap: 2px; margin: 20px 0 0; border-bottom: 1px solid var(--line); overflow-x: auto; overflow-y: hidden; }
.tabs a { padding: 8px 13px 10px; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; font-weight: 500; }
.tabs a:hover { color: var(--ink); }
.tabs a[aria-current] { color: var(--accent); border-color: var(--accent); }
.tabs a:focus-visible { outline-offset: -3px; }

/* Beside the mail */
.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 15px 16px 16px; display: grid; gap: 10px; min-width: 0; }
.card h2 { display: flex; justify-content: space-between; }
.count { color: var(--soft); font-weight: 500; }
.fine { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.fine[data-state='good'] { color: var(--good); }
.fine[data-state='bad'], .problem { color: var(--error); font-size: 13px; overflow-wrap: anywhere; }
.fine:empty, .problem:empty { display: none; }
.findings li { overflow-wrap: anywhere; }
.findings li + li { border-top: 1px solid var(--line); margin-top: 11px; padding-top: 11px; }
.findings p + p { margin-top: 3px; }
.findings b { font-weight: 600; margin-left: 3px; }
.findings i { color: var(--soft); font-style: normal; }
.place { color: var(--soft); }
${mailStyle}
@media (max-width: 1180px) {
  .desk, .desk[data-tab] { grid-template-columns: 200px minmax(0, 1fr); gap: 0 24px; }
  .desk aside, .desk[data-tab] aside { grid-column: 2; grid-template-columns: 1fr; padding-top: 0; }
  .desk[data-tab] #data { grid-area: auto; }
  .desk main { padding-bottom: 24px; }
}
@media (max-width: 760px) {
  .bar { padding: 0 16px; }
  .desk, .desk[data-tab] { display: block; padding: 0 16px; }
  .templates { position: static; display: flex; align-items: center; gap: 6px; overflow-x: auto; max-height: none; margin: 0 -16px; padding: 12px 16px; }
  .templates h2 { padding: 0; margin: 0 2px 0 10px; white-space: nowrap; font-size: 12px; }
  .templates h2:first-child { margin-left: 0; }
  .templates ul { display: flex; gap: 6px; }
  .templates a { background: var(--card); border: 1px solid var(--line); padding: 5px 11px; white-space: nowrap; }
  main { padding: 10px 0 24px; }
  /* Below 16px, iOS zooms into the field. */
  input, select, textarea { font-size: 16px; }
  .pair { grid-template-columns: 1fr; }
}
`;
