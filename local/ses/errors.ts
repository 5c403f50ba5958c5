/** What SES answers when it refuses: the SDK picks its error class by `name`, so the name is part of the wire format. */
export class SesError extends Error {
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export const badRequest = (message: string) => new SesError('BadRequestException', 400, message);
export const notFound = (message: string) => new SesError('NotFoundException', 404, message);
export const malformed = (message: string) => new SesError('SerializationException', 400, message);
export const tooManyRequests = (message: string) => new SesError('TooManyRequestsException', 429, message);

/** The HTTP form of a refusal: the header names the class, the body carries the message. */
export function errorReply(error: { name: string; status: number; message: string }): Response {
  return Response.json(
    { message: error.message },
    { status: error.status, headers: { 'x-amzn-errortype': error.name, 'cache-control': 'no-store' } },
  );
}
