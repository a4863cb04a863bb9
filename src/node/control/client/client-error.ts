/** Errors of a client of the control port: from the daemon, or from the client itself. */

/** Codes of the client itself, each with its meaning. Every other code is the daemon's `data.code`. */
export const CLIENT_CODES = {
  'no-daemon': 'no daemon answers there, or none came back in time',
  'no-cookie': 'something answers there, and there is no cookie to show it',
  'not-loopback': 'the address is another machine, and the token and keys go to this one only',
  'not-the-daemon': 'what answers there does not know the cookie; it was told nothing',
  'connection-lost': 'the connection closed before the answer came: whether the call was carried out is not known',
  'bad-answer': 'what came is no answer of this protocol: the daemon may be of another version',
  'signed-out': 'of a page: its session has ended',
  aborted: 'the call was given up by its caller, or the client was closed',
} as const

export type ClientCode = keyof typeof CLIENT_CODES

export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** A {@link ClientCode}, or the daemon's `data.code`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** An error of the client itself; the type keeps the codes in one list. */
export function clientError(code: ClientCode, message: string): ClientError {
  return new ClientError(code, message)
}
