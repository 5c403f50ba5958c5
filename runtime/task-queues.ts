/** Journeys and their light activities. */
export const journeyQueue = 'journeys';

/** The queue that only sends: its own workers, slots and limits, so that a flood of sends delays no journey. */
export const sendQueue = 'email-send';
