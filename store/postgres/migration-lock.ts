/** Any number that no other software on the same database takes for its own advisory lock. */
export const migrationLock = 7_412_690_318;
