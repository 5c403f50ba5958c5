/** What a person can do first when a server does not answer. */
export const hint = 'Is `npm start` running in this folder?';
