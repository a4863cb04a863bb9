// A daemon in a process of its own, for measurements: started from a config file, driven by its control port, its CPU time
// and memory read from /proc while it works.
import { readFile } from 'node:fs/promises'
import { startDaemon } from './daemon.mjs'

const KIB = 1024
/** What Linux counts CPU time in, on all common machines. */
const MS_PER_TICK = 10
const SAMPLE_MS = 20

/** Processes that were started, over or not. */
const children = []

/** Ends those that still run: after a failure, nobody else does. */
export function killAll() {
  for (const child of children) child.kill('SIGKILL')
}

export class MeasuredNode {
  /**
   * @param nodeArgs - for the node program, a profiler's
   * @param more - of the config file
   */
  static async start(root, name, chains, nodeArgs = [], more = {}) {
    const node = new MeasuredNode()
    const { child, client, addresses, port } = await startDaemon({
      root,
      name,
      config: { chains, ...more },
      nodeArgs,
      onSpawn: (child) => children.push(child),
    })
    node.child = child
    node.client = client
    node.port = port
    node.address = addresses[0]
    node.exited = new Promise((resolve) => child.once('exit', resolve))
    return node
  }

  async stop(signal = 'SIGTERM') {
    this.client.close()
    this.child.kill(signal)
    await this.exited
  }

  /** CPU time so far, of all its threads, in ms. */
  async cpuMs() {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
  }

  /** Resident memory: what only this process has, and pages of files, which the system takes back when it needs them. */
  async memoryMiB() {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8')
    const kib = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
    return { anonymous: kib('RssAnon') / KIB, files: kib('RssFile') / KIB }
  }

  /** Bytes written so far, to sockets and files. */
  async writtenBytes() {
    return Number(/^wchar: (\d+)/m.exec(await readFile(`/proc/${this.child.pid}/io`, 'utf8'))?.[1])
  }
}

/** What nodes use while `job` runs: wall time, and of each node CPU time and memory at every sample. */
export async function measured(nodes, job) {
  const memory = nodes.map(() => [])
  let isOver = false
  const sample = async () => {
    while (!isOver) {
      for (const [n, node] of nodes.entries()) {
        const now = await node.memoryMiB().catch(() => undefined)
        if (now !== undefined) memory[n].push(now)
      }
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
    }
  }
  const before = await Promise.all(nodes.map((node) => node.cpuMs()))
  const from = performance.now()
  const sampling = sample()
  const result = await job()
  const ms = performance.now() - from
  const after = await Promise.all(nodes.map((node) => node.cpuMs().catch(() => 0)))
  isOver = true
  await sampling
  return { result, ms, nodes: nodes.map((_, n) => ({ cpuMs: after[n] - before[n], memory: memory[n] })) }
}

/** Anonymous memory before, at a quarter, half, three quarters and the end of the time, and the most; then files' pages. */
export function curve(memory) {
  const anonymous = memory.map((sample) => sample.anonymous)
  const files = memory.map((sample) => sample.files)
  const at = (share) => anonymous[Math.round((anonymous.length - 1) * share)].toFixed(0)
  const most = Math.max(...anonymous).toFixed(0)
  const pages = `files ${files[0].toFixed(0)}, at most ${Math.max(...files).toFixed(0)}`
  return `${[0, 0.25, 0.5, 0.75, 1].map(at).join(' / ')} MiB, at most ${most} (${pages})`
}
