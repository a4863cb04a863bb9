/** Why a node inside another program does not start, or stopped: coded, and in the words of its configuration. */
import { controlErrorOf, type ReportedFault } from '../api/fault-reports.ts'
import { configFaultLines, type ConfigFault } from '../config/faults.ts'

/** `bad-address` is one that the configuration allows and libp2p refuses. */
export type NodeErrorCode =
  'bad-config' | 'bad-address' | 'port-in-use' | 'cannot-listen' | 'data-dir-in-use' | 'data-dir-unusable'

/** The message says what happened, why, and what to do. It never holds a secret. */
export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode

  constructor(code: NodeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** One line for each problem. */
export function configError(fault: ConfigFault): NodeError {
  return new NodeError('bad-config', configFaultLines(fault).join('\n'))
}

/** No write succeeds any more; `room`: not before the node is started anew. */
export function diskError(error: Error | 'room'): NodeError {
  const message =
    error === 'room'
      ? 'the disk was full and has room again: start the node again'
      : `the data directory failed: ${error.message}; see to the disk, then start again`
  return new NodeError('data-dir-unusable', message)
}

/** The control port's report of the fault; where that advises an option of the command line, the key of the configuration. */
export function startError(fault: ReportedFault): NodeError {
  switch (fault.code) {
    case 'HOST_PORT_IN_USE':
      return new NodeError('port-in-use', `${fault.address} is in use: give another \`listen\`, or TCP port 0`)
    case 'HOST_CANNOT_LISTEN':
      return new NodeError('cannot-listen', `the node cannot listen: ${fault.why}; give another \`listen\``)
    case 'CONTROL_PORT_IN_USE':
      return new NodeError(
        'port-in-use',
        `the control port ${fault.address} is in use: give another \`control\`, or port 0`,
      )
    case 'CONTROL_CANNOT_LISTEN':
      return new NodeError(
        'cannot-listen',
        `the control port cannot listen on ${fault.address}: ${fault.why}; give another \`control\``,
      )
    default: {
      const { code, message } = controlErrorOf(fault)
      // Faults of a start have no other codes.
      return new NodeError(code as NodeErrorCode, message)
    }
  }
}
