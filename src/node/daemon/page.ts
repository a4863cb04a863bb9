/** Starts the page's server if the configuration has it. A node without its page is still a node: what fails here is told. */
import { fileURLToPath } from 'node:url'
import type { ServedPage } from '../api/node-parts.ts'
import type { Config } from '../config/config.ts'
import { CONTROL_LIMITS } from '../control/port-limits.ts'
import { WebServer, type WebFault, type WebModules } from '../web/web-server.ts'

/** Beside `dist/node`. */
const FOLDER = fileURLToPath(new URL('../../web', import.meta.url))

export interface Page {
  readonly page: ServedPage
  stop(): Promise<void>
}

export async function servePage(where: Config['web'], modules: WebModules): Promise<Page> {
  const off = (why: string): Page => ({ page: { off: why }, stop: () => Promise.resolve() })
  if (where === false) return off('the configuration says `web: false`: write an address there, such as 127.0.0.1:8332')
  const options = { ...where, folder: FOLDER, messageBytes: CONTROL_LIMITS.lineBytes }
  const server = new WebServer(options, modules)
  const started = await server.start()
  if (started.ok) {
    return { page: { address: server.address, link: () => server.link() }, stop: () => server.stop() }
  }
  const why = reasonOf(started.fault)
  modules.log.warn('web.off', { why })
  return off(why)
}

function reasonOf(fault: WebFault): string {
  const { address } = fault
  const advice = 'give it another port by `web` in the config file, then start the node again'
  if (fault.code === 'WEB_PORT_IN_USE') return `something else has ${address}: ${advice}`
  return `it cannot listen on ${address} (${fault.why}): ${advice}`
}
