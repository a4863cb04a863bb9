/** The bounds of the page's server on size, count and time, with their reasons (spec §10, *Page*). */

export const WEB_LIMITS = {
  /** Sockets at a time. A browser opens six for files and one for each tab; the port's own bound holds for those. */
  sockets: 128,
  /** A browser sends some 1 KiB of headers. */
  headerBytes: 16 * 1024,
  /** How long a request may take to come in: it comes from this machine. */
  requestMs: 10_000,
  /** The body of `POST /session`: a token of 64 digits. */
  bodyBytes: 1024,
  /** Links that were made and not opened; the oldest goes. */
  links: 16,
  /** A link lies in a terminal, and maybe in its log: it opens the page for an hour. */
  linkMs: 60 * 60_000,
  /** Browsers that are signed in; who signed in first goes. */
  sessions: 32,
  /** As long as a cookie is kept after the last sign-in. */
  sessionMs: 90 * 24 * 60 * 60_000,
} as const
