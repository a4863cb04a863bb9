/** What can go wrong between this host and the network, as coded data. It reads libp2p's errors so that nobody else must. */
import { Bug } from '../../../dag/result.ts'

export type HostFault =
  | { readonly code: 'HOST_PORT_IN_USE'; readonly address: string }
  | { readonly code: 'HOST_BAD_ADDRESS'; readonly why: string }
  | { readonly code: 'HOST_CANNOT_LISTEN'; readonly why: string }

export type DialFault = { readonly code: 'PEER_UNREACHABLE'; readonly peer: string; readonly why: string }

/** Why a start failed. libp2p puts the stacks of all listeners into one message; only their first lines are of use. */
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

/** The first line of what an error has to say, from inside an aggregate if it is one. */
export function why(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return why(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.message.split('\n', 1)[0] ?? error.name
}
