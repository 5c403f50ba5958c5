// Plain JavaScript, loaded before a process and each of its threads starts (`node --import`): sets the wall clock wrong by
// SHIFT_CLOCK_MS. What measures time that has passed goes on as it is, as on a machine with a wrong clock.
const shiftMs = Number(process.env.SHIFT_CLOCK_MS ?? 0);
const RealDate = globalThis.Date;

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};
