/** What a daemon takes of the machine, as the system counts it: memory, room on the disk, and time of the processor. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Bug } from '../../src/dag/result.ts'
import type { Daemon } from './daemon.ts'

const KIB = 1024

/** The system counts time in hundredths of a second. */
const TICK_MS = 10

/** The system keeps a peak of all resident memory, and none of the anonymous part. */
const SAMPLE_MS = 20

/** How much more a daemon takes than it did when this was made. */
export class Footprint {
  readonly #pid: string
  readonly #dir: string
  readonly #rssBytes: number
  readonly #diskBytes: number
  readonly #cpuMs: number

  private constructor(pid: string, dir: string, rssBytes: number, diskBytes: number, cpuMs: number) {
    this.#pid = pid
    this.#dir = dir
    this.#rssBytes = rssBytes
    this.#diskBytes = diskBytes
    this.#cpuMs = cpuMs
  }

  static async of({ dir }: Daemon): Promise<Footprint> {
    const pid = await pidOf(dir)
    // The peak counts from here.
    await writeFile(`/proc/${pid}/clear_refs`, '5')
    return new Footprint(pid, dir, await memoryOf(pid, 'VmRSS'), await bytesIn(dir), await cpuMsOf(pid))
  }

  /** Bytes of memory at the most, above what was used at first. */
  async peakGrowth(): Promise<number> {
    return (await memoryOf(this.#pid, 'VmHWM')) - this.#rssBytes
  }

  async diskGrowth(): Promise<number> {
    return (await bytesIn(this.#dir)) - this.#diskBytes
  }

  /** Of all its threads: how long others had the processor meanwhile does not count. */
  async cpuMs(): Promise<number> {
    return (await cpuMsOf(this.#pid)) - this.#cpuMs
  }
}

/** A daemon is started with a config file beside its data directory, named like it. */
async function pidOf(dir: string): Promise<string> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.split('\0').includes(`${dir}.yaml`)) return pid
  }
  throw new Bug(`no daemon runs in ${dir}`)
}

async function cpuMsOf(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name of the program, which may have spaces, come the state and ten numbers before these two.
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return ((user ?? NaN) + (system ?? NaN)) * TICK_MS
}

async function memoryOf(pid: string, field: 'VmRSS' | 'VmHWM' | 'RssAnon'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  if (kib === undefined) throw new Bug(`no ${field} in the status of ${pid}`)
  return Number(kib) * KIB
}

/**
 * Bytes of anonymous memory at the most while a job runs, above what it was before, of each daemon. Pages of files are left
 * out: LevelDB maps what it reads and writes, and the system takes it back when somebody needs the room.
 */
export async function anonymousGrowth(daemons: readonly Daemon[], job: () => Promise<unknown>): Promise<number[]> {
  const pids = await Promise.all(daemons.map(({ dir }) => pidOf(dir)))
  const now = (): Promise<number[]> => Promise.all(pids.map((pid) => memoryOf(pid, 'RssAnon')))
  const before = await now()
  const most = [...before]
  const look = setInterval(() => {
    now().then(
      (bytes) => bytes.forEach((value, n) => (most[n] = Math.max(value, most[n] ?? 0))),
      () => undefined,
    )
  }, SAMPLE_MS)
  try {
    await job()
  } finally {
    clearInterval(look)
  }
  const last = await now()
  return most.map((value, n) => Math.max(value, last[n] ?? 0) - (before[n] ?? 0))
}

async function bytesIn(dir: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    // The database may be tidying up.
    sum += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    )
  }
  return sum
}
