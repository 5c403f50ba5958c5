export const allowed: readonly string[];
