/** Tests of what a user may not do: root may do everything, so it goes on as a user who owns nothing. */

/** A user, and a group, that owns nothing on this machine. */
export const STRANGER = 61_003;

/** For the source of a Script: from here on it may do no more than any user. */
export const WITHOUT_ROOT = `
  if (process.getuid() === 0) {
    process.setgroups([]);
    process.setgid(${STRANGER});
    process.setuid(${STRANGER});
  }`;

/** Ids as an error message tells them when the Script went on without root. */
export const WHO =
  process.getuid?.() === 0 ? `user ${STRANGER} with group ${STRANGER}` : 'user \\d+ with groups? [\\d, ]+';
