/** The look of the mail's own sides: its frame, its text, its sources, headers and versions. */
export const mailStyle = `
.stage { padding-top: 18px; }
.client { max-width: 700px; margin: 0 auto; background: #fff; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; box-shadow: 0 1px 2px rgb(16 24 40 / 5%), 0 8px 24px rgb(16 24 40 / 6%); }
.client.phone { width: 389px; max-width: 100%; border: 7px solid #20262e; border-radius: 34px; }
.client[data-scheme='dark'] { background: #12161c; color: #e7ebf0; }
.client[data-scheme='light'] { color: #1b2430; }
.client-head { padding: 12px 18px; border-bottom: 1px solid #e6e9ee; }
.client.phone .client-head { padding-top: 16px; }
.client[data-scheme='dark'] .client-head { border-color: #2a323d; }
.client .subject { font-size: 15px; font-weight: 600; overflow-wrap: anywhere; }
.client .from { font-size: 13px; color: #586473; overflow-wrap: anywhere; }
.client[data-scheme='dark'] .from { color: #9ca8b6; }
.client iframe { display: block; width: 100%; border: 0; height: max(420px, calc(100vh - 430px)); color-scheme: light; }
.client[data-scheme='dark'] iframe { color-scheme: dark; }
.client.phone iframe { width: 375px; max-width: 100%; height: 600px; }
.client.pairwise iframe { height: 560px; }
.facts { color: var(--soft); font-size: 13px; text-align: center; margin-top: 12px; }
.panel { display: block; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); margin: 0; }
.panel + .panel { margin-top: 12px; }
.note { padding: 26px 20px; color: var(--soft); text-align: center; }
main > section > h1 + .note { padding: 12px 0; text-align: start; }
.over { color: var(--soft); font-weight: 550; margin: 22px 0 8px; }
.over:first-child { margin-top: 2px; }
.text { padding: 20px 22px; font: 13px/1.65 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }

.source summary, .source .file { padding: 10px 16px; cursor: pointer; font-weight: 600; }
.source .file { cursor: default; }
.source .scroll { border-top: 1px solid var(--line); padding: 8px 0; }
.lines { counter-reset: line; line-height: 1.65; min-width: max-content; }
.lines li { counter-increment: line; display: flex; align-items: baseline; padding-right: 16px; white-space: pre; }
.lines li::before { content: counter(line); width: 52px; padding-right: 14px; text-align: right; color: var(--soft); flex: none; position: sticky; left: 0; background: var(--card); }
.lines .marked { background: var(--error-soft); }
.lines .marked::before { background: var(--error-soft); color: var(--error); font-weight: 700; }
.lines em { font: 12px/1.5 system-ui, sans-serif; color: var(--error); margin-left: 22px; }

.listed { padding: 14px 18px; }
.listed p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.listed .preheader { color: var(--soft); margin-inline-start: 6px; }
.headers, .history { border-collapse: collapse; width: 100%; font-size: 13px; }
.headers th, .headers td, .history th, .history td { text-align: start; vertical-align: top; padding: 9px 16px; }
.headers tr + tr > *, .history tbody tr > * { border-top: 1px solid var(--line); }
.headers th { width: 1%; padding-right: 8px; }
.headers th, .history th { color: var(--soft); font-weight: 500; white-space: nowrap; text-align: left; }
.headers td { overflow-wrap: anywhere; min-width: 180px; }
.history td { white-space: nowrap; }
.history td:last-child { white-space: normal; min-width: 220px; }

.pickers { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; margin-bottom: 14px; color: var(--soft); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--soft); margin-bottom: 6px; }
.diff { border-collapse: collapse; min-width: 100%; line-height: 1.65; }
.diff td { padding: 0 8px; white-space: pre; }
.diff .number { color: var(--soft); text-align: right; user-select: none; min-width: 40px; }
.diff .words { width: 100%; padding-right: 16px; }
.diff .added { background: var(--good-soft); }
.diff .added .sign { color: var(--good); }
.diff .removed { background: var(--error-soft); }
.diff .removed .sign { color: var(--error); }
.diff .gap td { color: var(--soft); text-align: center; }
`;
