/** The control port's `host` methods (spec §10). The server itself answers `host.stop`. */
import { VERSION } from '../base/version.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers } from '../control/schema.ts'
import { controlErrorOf } from './fault-reports.ts'
import type { NodeParts, ServedPage } from './node-parts.ts'
import { twinWarning } from './twin-warning.ts'

export function hostHandlers(parts: NodeParts): Pick<Handlers, 'host.info' | 'host.page' | 'host.now'> {
  const { clock, host, twin, chains, disk, info, page } = parts
  return {
    'host.info': () =>
      Promise.resolve({
        version: VERSION,
        peerId: host.peerId.toString(),
        addresses: host.addresses(),
        control: info.control(),
        ...pageInfo(page()),
        dataDir: info.dataDir,
        chains: chains.all().length,
        peers: host.connections().length,
        uptimeMs: Math.round(performance.now() - info.startedAt),
        ...(disk.noRoom === undefined ? {} : { readOnly: controlErrorOf(disk.noRoom).message }),
        ...twinWarning(twin(), host.peerId.toString()),
      }),
    'host.page': async () => {
      const served = page()
      if ('off' in served) throw new ControlError('page-off', served.off)
      return await Promise.resolve({ link: served.link() })
    },
    'host.now': async ({ ms }) => {
      if (ms === undefined) return clock.nowMs()
      if (clock.set === undefined) {
        throw new ControlError(
          'clock-not-settable',
          "this clock is the machine's: start the node with --test-clock to set it",
        )
      }
      clock.set(ms)
      for (const { replica } of chains.all()) await replica.advanceClock()
      return clock.nowMs()
    },
  }
}

function pageInfo(page: ServedPage): { readonly page: string } | { readonly pageOff: string } {
  return 'off' in page ? { pageOff: page.off } : { page: page.address }
}
