/** 32 different bytes, since fewer than 16 are refused. */
const secretFrom = (first: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('hex');

/** A secret that the product accepts, and others. */
export const secret = secretFrom(32);
export const anotherSecret = secretFrom(96);
export const thirdSecret = secretFrom(160);
