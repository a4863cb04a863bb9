/** The sentence that `host.info` and `chain.status` have while another node runs with this node's key (spec §9). Pure. */
import type { Twin } from '../net/host/key-twins.ts'

export function twinWarning(twin: Twin | undefined, peerId: string): { readonly warning?: string } {
  if (twin === undefined) return {}
  const when = new Date(twin.seenMs).toISOString()
  const { through } = twin
  const showed = through.startsWith('/') ? `the one at ${through}` : `peer ${through}`
  const what = `another node runs with the key of this one (same peer id ${peerId}), as ${showed} showed at ${when}`
  return {
    warning: `${what}; posts may reach one of the two only: stop one, and start it with a data directory of its own`,
  }
}
