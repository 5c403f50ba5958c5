/** Every payload of a history, or of several, decoded: inputs, results, markers, summaries, memos. */
export function payloadsOf(history: object): string[] {
  return [...JSON.stringify(history).matchAll(/"data":"([^"]+)"/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64').toString(),
  );
}
