// Somebody else at the port while a figure is measured, on a thread of its own: makes the cheapest call there is all the
// time, and says how long it waited at most. That is how long the daemon's event loop was held, and the noise of the machine.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** Between two calls. */
const PAUSE_MS = 2

/** @param endpoint `{host, port, stateDir}` @param chain - one that is joined there */
export async function openBystander(endpoint, chain) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { endpoint, chain } })
  await once(worker, 'message')
  const ask = async (what) => {
    worker.postMessage(what)
    const [answer] = await once(worker, 'message')
    return answer
  }
  return {
    /** What `job` gives, and the longest wait meanwhile. */
    during: async (job) => {
      await ask('reset')
      const result = await job()
      return { result, heldMs: await ask('longest') }
    },
    close: () => worker.terminate(),
  }
}

if (!isMainThread) {
  await import('../../dist/node/base/polyfill.js')
  const { connect } = await import('../../dist/node/control/client/connection.js')
  const client = await connect(workerData.endpoint)
  let longest = 0
  parentPort.on('message', (what) => {
    if (what === 'reset') longest = 0
    parentPort.postMessage(longest)
  })
  parentPort.postMessage('ready')
  for (;;) {
    const from = performance.now()
    await client.call('chain.genesis', { chain: workerData.chain })
    longest = Math.max(longest, performance.now() - from)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
