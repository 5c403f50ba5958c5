import { connect } from 'node:http2';

const service = Buffer.from('temporal.api.workflowservice.v1.WorkflowService');
// HealthCheckRequest { service = 1 }, behind gRPC's five bytes: not compressed, and the length.
const message = Buffer.concat([Buffer.from([0x0a, service.length]), service]);
const request = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
// HealthCheckResponse { status = SERVING }
const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

/** Asks Temporal's gRPC port whether it serves. By hand: a gRPC client would take longer to load than the server to start. */
export function grpcServes(port: number): Promise<boolean> {
  return new Promise((answered) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const finish = (ok: boolean) => {
      session.destroy();
      answered(ok);
    };
    session.on('error', () => finish(false));
    session.setTimeout(2000, () => finish(false));

    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.on('end', () => finish(Buffer.concat(chunks).equals(serving)));
    call.on('error', () => finish(false));
    call.end(request);
  });
}
