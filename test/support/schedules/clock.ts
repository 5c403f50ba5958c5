/** What `Date.now` and `performance.now` return while schedules run: they move by steps of the schedule alone, in ms. */
export const clock = { ms: 0 };

/** Returns how to give the real clocks back. */
export function installClock(): () => void {
  const real = { now: Date.now, ticks: performance.now };
  const began = Date.now();
  Date.now = () => began + clock.ms;
  performance.now = () => clock.ms;
  return () => {
    Date.now = real.now;
    performance.now = real.ticks;
  };
}
