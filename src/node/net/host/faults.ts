/** Coded faults of the host. Only this file interprets libp2p's errors. */
import { Bug } from '../../../dag/result.ts'

export type HostFault =
  | { readonly code: 'HOST_PORT_IN_USE'; readonly address: string }
  | { readonly code: 'HOST_BAD_ADDRESS'; readonly why: string }
  | { readonly code: 'HOST_CANNOT_LISTEN'; readonly why: string }

export type DialFault = { readonly code: 'PEER_UNREACHABLE'; readonly peer: string; readonly why: string }

/**
 * Why the host did not start. libp2p joins the stack traces of all listeners into one message; their first lines are
 * kept.
 */
export function hostFault(error: unknown): HostFault {
  if (!(error instanceof Error)) throw new Bug('libp2p failed without an error')
  const inUse = /EADDRINUSE[^\n]*?(\S+:\d+)/.exec(error.message)
  if (inUse?.[1] !== undefined) return { code: 'HOST_PORT_IN_USE', address: inUse[1] }
  if (error.name === 'UnsupportedListenAddressesError') {
    const lines = error.message.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('at '))
    return { code: 'HOST_CANNOT_LISTEN', why: lines.slice(1).join('; ').trim() }
  }
  if (/multiaddr|Component|Parse|Protocol/i.test(error.name)) return { code: 'HOST_BAD_ADDRESS', why: error.message }
  throw error
}

/** Why a dial ends that met this node, behind an address that does not show it. Trying again cannot help. */
export const IS_SELF = 'it is this node itself'

/** Why an address is refused at which another node runs with this node's key (`key-twins.ts`). */
export const IS_TWIN =
  'another node runs there with the key of this one: stop one of them, and start it with a data directory of its own'

/** The first line of an error's message; of an aggregate, that of its first error. */
export function why(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return why(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  if (/\bdial self\b/.test(error.message)) return IS_SELF
  return error.message.split('\n', 1)[0] ?? error.name
}
