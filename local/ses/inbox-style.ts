/** The look of the inbox. Served as /inbox.css, because the pages' policy forbids inline styles. */
export const INBOX_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8;
  --card: #ffffff;
  --ink: #1b2430;
  --soft: #5c6876;
  --line: #e3e7ec;
  --hover: #f0f4fa;
  --accent: #2563c9;
  --accent-soft: #e8effb;
  --warn: #a3341f;
  --warn-soft: #fcebe6;
  --good: #1d8a55;
  --radius: 12px;
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c;
    --card: #1a2029;
    --ink: #e7ebf0;
    --soft: #9aa6b4;
    --line: #2a323d;
    --hover: #202835;
    --accent: #7fb0ff;
    --accent-soft: #1f2f4a;
    --warn: #ff9d86;
    --warn-soft: #40231d;
    --good: #5ccf97;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
.wide { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
h1 { font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -0.01em; margin: 0; overflow-wrap: anywhere; }
q { quotes: '\\201c' '\\201d'; }
code, pre { font-family: var(--mono); font-size: 13px; }

/* The bar */
.bar { background: var(--card); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 1; }
.bar .wide { display: flex; align-items: center; gap: 24px; min-height: 64px; }
.brand { display: flex; align-items: center; gap: 12px; color: inherit; text-decoration: none; font-weight: 650; white-space: nowrap; }
.brand small { color: var(--soft); font-weight: 400; font-size: 13px; margin-left: 6px; }
.search { display: flex; flex: 1; max-width: 440px; margin-left: auto; }
.search input {
  flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--line); border-right: 0; border-radius: 10px 0 0 10px; padding: 8px 12px;
  -webkit-appearance: none; appearance: none;
}
.search input::placeholder { color: var(--soft); opacity: 1; }
button, .button {
  font: inherit; font-weight: 550; cursor: pointer; text-decoration: none; color: var(--accent);
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 8px 14px; display: inline-block;
}
.search button { border-radius: 0 10px 10px 0; background: var(--accent-soft); }
button:hover, .button:hover { background: var(--accent-soft); border-color: var(--accent); }
.quiet { border-color: transparent; background: none; color: var(--soft); padding: 4px 10px; font-weight: 450; margin-right: -10px; font-size: 14px; }
.quiet:hover { color: var(--warn); background: var(--warn-soft); border-color: transparent; }
.live { color: var(--soft); font-size: 13px; white-space: nowrap; min-width: 52px; }
.live:not(:empty)::before {
  content: ''; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--good); margin-right: 7px;
}
.live[data-state='lost']::before { background: var(--warn); }

/* The list */
main { padding-top: 28px !important; padding-bottom: 64px !important; }
.heading { display: flex; align-items: baseline; gap: 12px; margin-bottom: 14px; }
.heading p { color: var(--soft); margin: 0; flex: 1; font-size: 14px; }
.list { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
.list li + li { border-top: 1px solid var(--line); }
.mail {
  display: grid; grid-template-columns: 40px minmax(0, 1fr) auto; column-gap: 14px; padding: 13px 18px;
  grid-template-areas: 'avatar to time' 'avatar subject subject' 'avatar foot foot';
  color: inherit; text-decoration: none;
}
.mail:hover { background: var(--hover); }
.mail:focus-visible { outline-offset: -2px; border-radius: var(--radius); }
.avatar {
  grid-area: avatar; width: 40px; height: 40px; border-radius: 50%; display: grid; place-items: center; margin-top: 2px;
  font-weight: 600; color: #fff; background: #5b6b82;
}
.avatar[data-hue='1'] { background: #3f6fb5; }
.avatar[data-hue='2'] { background: #2f7f86; }
.avatar[data-hue='3'] { background: #4a7d4f; }
.avatar[data-hue='4'] { background: #8a6a34; }
.avatar[data-hue='5'] { background: #9a5548; }
.avatar[data-hue='6'] { background: #8a5480; }
.avatar[data-hue='7'] { background: #6a5aa6; }
.to { grid-area: to; font-size: 14px; color: var(--soft); }
.to, .subject { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
time { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.mail time { grid-area: time; padding-top: 1px; }
.subject { grid-area: subject; font-size: 16px; }
.subject b { font-weight: 600; }
.preview { color: var(--soft); margin-left: 6px; font-size: 14px; }
.foot { grid-area: foot; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-top: 4px; color: var(--soft); font-size: 13px; min-width: 0; }
.from { margin-right: 4px; overflow-wrap: anywhere; }
.chip, .badge { border-radius: 6px; padding: 1px 7px; font-size: 12px; line-height: 1.55; max-width: 100%; overflow-wrap: anywhere; }
.chip { background: var(--ground); border: 1px solid var(--line); color: var(--ink); }
.chip span { color: var(--soft); }
.foot .chip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 260px; }
.badge { background: var(--warn-soft); color: var(--warn); font-weight: 600; padding: 2px 8px; }
.older { text-align: center; margin: 20px 0 0; }
@media (prefers-reduced-motion: no-preference) {
  .fresh { animation: arrive 2.4s ease-out; }
  @keyframes arrive { from { background: var(--accent-soft); } }
}

/* Nothing there */
.empty { text-align: center; padding: 12vh 0 0; max-width: 620px; margin: 0 auto; color: var(--soft); }
.empty h1 { color: var(--ink); margin: 18px 0 8px; }
.empty p { margin: 0 0 16px; text-wrap: pretty; }
.empty pre {
  text-align: left; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); color: var(--ink);
  padding: 16px 18px; margin: 0 0 16px; white-space: pre-wrap; overflow-wrap: anywhere;
}
.hint { font-size: 13px; color: var(--soft); }

/* One mail */
.back { margin: 0 0 12px; font-size: 14px; display: flex; justify-content: space-between; }
.back a { text-decoration: none; }
.back a:first-child::before { content: '\\2190\\00a0'; }
.back a:hover { text-decoration: underline; }
.open h1 { font-size: 26px; }
.about { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 18px; margin: 18px 0 24px; font-size: 14px; }
.about dt { color: var(--soft); }
.about dd { margin: 0; overflow-wrap: anywhere; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.about em { font-style: normal; color: var(--soft); }
.about time { color: inherit; font-size: inherit; }
.tabs { display: flex; gap: 4px; align-items: flex-end; border-bottom: 1px solid var(--line); overflow-x: auto; overflow-y: hidden; }
.tabs a { padding: 8px 14px 10px; text-decoration: none; color: var(--soft); border-bottom: 2px solid transparent; white-space: nowrap; font-weight: 500; }
.tabs a:hover { color: var(--ink); }
.tabs a[aria-current] { color: var(--accent); border-color: var(--accent); }
.tabs a:focus-visible { outline-offset: -3px; }
.back .download { color: var(--soft); }
.panel {
  display: block; width: 100%; margin: 20px 0 0; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius);
}
/* Mail is written for white paper, whatever the page around it looks like. */
iframe.panel { height: max(480px, calc(100vh - 160px)); background: #fff; color-scheme: light; }
pre.panel { padding: 18px 20px; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; }
.note { padding: 28px 20px; text-align: center; color: var(--soft); }
.scroll { overflow-x: auto; }
.headers { border-collapse: collapse; width: 100%; font-family: var(--mono); font-size: 13px; }
.headers th, .headers td { text-align: left; vertical-align: top; padding: 9px 18px; }
.headers tr + tr > * { border-top: 1px solid var(--line); }
.headers th { color: var(--soft); font-weight: 500; white-space: nowrap; }
.headers td { overflow-wrap: anywhere; }
.links { list-style: none; padding: 0; }
.links li { padding: 11px 18px; display: grid; gap: 1px; }
.links li + li { border-top: 1px solid var(--line); }
.links a { overflow-wrap: anywhere; font-size: 14px; }

@media (max-width: 640px) {
  .wide { padding: 0 16px; }
  .bar .wide { flex-wrap: wrap; gap: 10px 12px; padding-top: 12px; padding-bottom: 12px; }
  .live { margin-left: auto; min-width: 0; }
  .search { order: 3; flex-basis: 100%; max-width: none; }
  /* Below 16px, iOS zooms into the field. */
  .search input { font-size: 16px; }
  main { padding-top: 20px !important; }
  .heading { flex-wrap: wrap; gap: 0 12px; }
  .heading h1 { flex-basis: 100%; }
  .mail { grid-template-columns: 34px minmax(0, 1fr) auto; column-gap: 12px; padding: 12px 14px; }
  .avatar { width: 34px; height: 34px; font-size: 14px; }
  .preview { display: none; }
  .foot .chip { max-width: 170px; }
  .subject { white-space: normal; line-height: 1.35; overflow-wrap: anywhere; }
  .open h1 { font-size: 22px; }
  .tabs a { padding: 8px 11px 10px; }
  .headers, .headers tbody, .headers tr, .headers th, .headers td { display: block; }
  .headers th { padding: 10px 16px 0; }
  .headers td { padding: 0 16px 10px; }
  .headers tr + tr > td { border-top: 0; }
}
`;
