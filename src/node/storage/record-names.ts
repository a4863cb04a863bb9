/** The names of the small records that a chain has beside its rows (`records.ts`): they go with it, in one batch. */
import type { ChainId } from '../../dag/ids.ts'

export function configuredRecord(chain: ChainId): string {
  return `configured-${chain.toLowerCase()}`
}

export function rationsRecord(chain: ChainId): string {
  return `rations-${chain.toLowerCase()}`
}

export function founderRecord(chain: ChainId): string {
  return `founder-${chain.toLowerCase()}`
}

export function watchRecord(chain: ChainId): string {
  return `watch-${chain.toLowerCase()}`
}

export function welcomeRecord(chain: ChainId): string {
  return `welcome-${chain.toLowerCase()}`
}

export function chainRecords(chain: ChainId): string[] {
  const records = [watchRecord, rationsRecord, founderRecord, configuredRecord, welcomeRecord]
  return records.map((record) => record(chain))
}
