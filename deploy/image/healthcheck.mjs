// HEALTHCHECK of the image, which has no shell: exits with 0 if the process in the container is alive.
const { HEALTH_PORT: port, HTTP_HOST: host = '127.0.0.1' } = process.env;
const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
/** Default ports of ingress and worker. */
const ports = port ? [port] : ['9080', '8081'];

const alive = async (one) => {
  const { ok } = await fetch(`http://${address}:${one}/healthz`, { signal: AbortSignal.timeout(4_000) });
  if (!ok) throw new Error('not alive');
};
process.exit(
  await Promise.any(ports.map(alive)).then(
    () => 0,
    () => 1,
  ),
);
