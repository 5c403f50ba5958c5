/** Temporal, as `npm start` runs it. */
export const defaults = { temporal: '127.0.0.1:7233', namespace: 'rivulet' };

/** The page of a run in Temporal UI. The dev server has its UI a thousand ports above its gRPC. */
export function runUrl(env: NodeJS.ProcessEnv, ui: string | undefined, workflowId: string): string {
  const namespace = env['TEMPORAL_NAMESPACE'] || defaults.namespace;
  return `${uiBase(env, ui)}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

function uiBase(env: NodeJS.ProcessEnv, ui: string | undefined): string {
  if (ui) return new URL(ui).origin;
  const [host = '127.0.0.1', port = '7233'] = (env['TEMPORAL_ADDRESS'] || defaults.temporal).split(':');
  return `http://${host}:${Number(port) + 1_000}`;
}
