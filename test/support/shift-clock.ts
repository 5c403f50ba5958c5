/**
 * Loaded before a process starts (`node --import`), sets its wall clock wrong by SHIFT_CLOCK_MS. What measures time that
 * has passed goes on as it is, as on a machine with a wrong clock.
 */
const shiftMs = Number(process.env['SHIFT_CLOCK_MS'] ?? 0);
const RealDate = globalThis.Date;

class ShiftedDate extends RealDate {
  constructor(...args: []) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as unknown as DateConstructor;
