import { createHash } from 'node:crypto';

/** The look of the pages; they carry it in themselves. Sizes follow the reader's own, sides follow their script. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8;
  --card: #ffffff;
  --ink: #1b2430;
  --soft: #566270;
  --line: #e3e7ec;
  --edge: #7d8896;
  --hover: #f3f6fb;
  --accent: #2059b8;
  --accent-ink: #ffffff;
  --accent-soft: #e8effb;
  --warn: #9a2f1b;
  --warn-soft: #fdf0ec;
  --good: #176b43;
  --good-soft: #e9f6ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c;
    --card: #1a2029;
    --ink: #e7ebf0;
    --soft: #a3aebb;
    --line: #2c3541;
    --edge: #7b8796;
    --hover: #202835;
    --accent: #8ab6ff;
    --accent-ink: #0f1b2d;
    --accent-soft: #1f2f4a;
    --warn: #ffab97;
    --warn-soft: #38221d;
    --good: #74d9a8;
    --good-soft: #17322a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans Arabic', sans-serif;
}
header, main { max-width: 35rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: clamp(1.5rem, 8vh, 4.5rem); padding-bottom: 1rem; }
main { padding-bottom: 4rem; }
.brand { display: flex; align-items: center; gap: .75rem; margin: 0; font-weight: 650; }
.brand span:first-child {
  width: 2rem; height: 2rem; flex: none; border-radius: 9px; display: grid; place-items: center;
  background: var(--accent); color: var(--accent-ink); font-size: 1.05rem; line-height: 1;
}
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: clamp(1.25rem, 5vw, 2.25rem); }
.card + .card { margin-top: 1rem; background: none; }
h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.05rem; line-height: 1.4; font-weight: 650; margin: 0 0 .25rem; }
p { margin: 0; text-wrap: pretty; }
.lead { color: var(--soft); }
.small { color: var(--soft); font-size: .875rem; }
.plain { margin: 1rem 0 0; padding-inline-start: 1.25rem; }
.plain li { padding: .15rem 0; font-weight: 550; }
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 8px; }

form { margin: 1.5rem 0 0; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .6rem; font-size: .875rem; font-weight: 600; color: var(--soft); }
.topics { border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.topics label { display: flex; gap: .9rem; align-items: flex-start; padding: .85rem 1rem; min-height: 3.25rem; cursor: pointer; }
.topics label + label { border-top: 1px solid var(--line); }
.topics label:hover { background: var(--hover); }
.topics label:focus-within { background: var(--accent-soft); }
.topics input { width: 1.35rem; height: 1.35rem; flex: none; margin: .1rem 0 0; accent-color: var(--accent); cursor: pointer; }
.topics b { font-weight: 600; display: block; }
.topics small { display: block; color: var(--soft); font-size: .9rem; line-height: 1.45; }
.topics label:focus-within small { color: var(--ink); }
form .small { margin-top: 1rem; }
.row form { margin: 0; }
.row { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; margin-top: 1.25rem; }

button, .link { font: inherit; min-height: 2.75rem; }
button {
  font-weight: 600; cursor: pointer; border-radius: 11px; padding: .55rem 1.35rem; min-width: 2.75rem;
  border: 1px solid var(--accent); background: var(--accent); color: var(--accent-ink);
}
button:hover { filter: brightness(1.08); }
button.quiet { background: none; border-color: var(--edge); color: var(--ink); }
button.quiet:hover { background: var(--hover); filter: none; }
.link { display: inline-flex; align-items: center; padding: .25rem 0; }

.away { display: flex; flex-wrap: wrap; gap: .9rem 1.5rem; align-items: center; justify-content: space-between; }
.away div { flex: 1 1 15rem; }
.away form { margin: 0; }

.status { border-radius: 12px; padding: .75rem 1rem; margin: 0 0 1.5rem; background: var(--good-soft); color: var(--good); font-weight: 550; display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; justify-content: space-between; }
.status p { flex: 1 1 10rem; }
.status form { margin: 0; }
.status button { background: none; border-color: currentColor; color: inherit; padding: .4rem 1.1rem; }
.notice { border-radius: 12px; padding: .75rem 1rem; margin: 1.25rem 0 0; background: var(--warn-soft); color: var(--warn); }
.mark { width: 3rem; height: 3rem; border-radius: 50%; display: grid; place-items: center; background: var(--good-soft); color: var(--good); margin: 0 0 1.1rem; }
.mark svg { width: 1.5rem; height: 1.5rem; fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.after { border-top: 1px solid var(--line); margin-top: 1.75rem; padding-top: 1.1rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; justify-content: space-between; }
.after form { margin: 0; display: flex; flex-wrap: wrap; gap: .5rem .9rem; align-items: center; }
.after .row { margin: 0; gap: .5rem .9rem; }
.after button { padding: .4rem 1.1rem; }
@media (max-width: 30rem) {
  header, main { padding-inline: 1rem; }
  h1 { font-size: 1.4rem; }
  .card > form > .row button, .card > .row form, .card > .row button, .away button { width: 100%; }
  .away form { flex: 1 1 100%; }
}
@media (forced-colors: active) { button, .card, .status, .notice { border: 1px solid; } }
`;

/** Lets exactly this style through the pages' policy. */
export const pageStyleHash = createHash('sha256').update(pageStyle).digest('base64');
