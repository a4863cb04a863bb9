/** `freechains check`: verifies every chain of a stopped node, one after another (`chain/verify-store.ts`). */
import { randomInt } from 'node:crypto'
import { configFaultLines } from '../config/faults.ts'
import { loadConfig } from '../config/config.ts'
import { ControlError } from '../control/error-codes.ts'
import { controlErrorOf } from '../api/fault-reports.ts'
import { verifyStore } from '../chain/verify-store.ts'
import type { Chain } from '../../dag/chain.ts'
import { hasDatabase, openDatabase, type Database } from '../storage/database.ts'
import { decodeJoined } from '../storage/records.ts'

export interface VerifyCommandOptions {
  readonly dir?: string
  readonly configFile?: string
}

/** Writes one line of the answer; `isProblem` sends it to stderr. */
export type WriteLine = (line: string, isProblem: boolean) => Promise<void>

/**
 * Resolves to true if no problem was found.
 *
 * @throws {ControlError} there is no data directory, or it cannot be opened, for example because a node runs on it
 */
export async function runVerify({ dir, configFile }: VerifyCommandOptions, tell: WriteLine): Promise<boolean> {
  const config = loadConfig({ file: configFile, overrides: { dataDir: dir } })
  if (!config.ok) throw new ControlError('bad-config', configFaultLines(config.fault).join('\nfreechains: '))
  const { dataDir } = config.value
  if (!(await hasDatabase(dataDir)))
    throw new ControlError('data-dir-unusable', `there is no data directory at ${dataDir}`)
  const disk = await openDatabase(dataDir)
  if (!disk.ok) throw controlErrorOf(disk.fault)
  try {
    let isWell = true
    for (const chain of await chainsToVerify(disk.value, config.value.chains)) {
      isWell = (await verifyChain(disk.value, chain, tell)) && isWell
    }
    return isWell
  } finally {
    await disk.value.close()
  }
}

/** Chains joined by command and chains of the config file, each once. */
async function chainsToVerify(disk: Database, configured: readonly Chain[]): Promise<Chain[]> {
  const found = new Map(configured.map((chain) => [chain.id, chain]))
  for (const { record } of await disk.joined()) {
    const chain = decodeJoined(record)
    if (chain !== undefined) found.set(chain.id, chain)
  }
  return [...found.values()]
}

async function verifyChain(disk: Database, chain: Chain, tell: WriteLine): Promise<boolean> {
  const { name } = chain.params
  const onProgress = (blocks: number): void => void tell(`${name}: ${String(blocks)} blocks so far`, true)
  const { blocks, problems } = await verifyStore(chain, disk.chain(chain.id), { seed: randomInt(2 ** 32), onProgress })
  for (const problem of problems) await tell(`${name}: ${problem}`, true)
  const verdict = problems.length === 0 ? 'ok' : `${String(problems.length)} problems`
  await tell(`${name} ${String(blocks)} blocks: ${verdict}`, false)
  return problems.length === 0
}
