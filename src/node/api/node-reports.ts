/** Reports of what keeps a node from starting or from storing (spec §10): the disk, its key, its ports. Part of `fault-reports.ts`. */
import type { ControlFault } from '../control/error-codes.ts'
import type { StorageRefusal } from '../chain/faults.ts'
import type { HostFault } from '../net/host/host.ts'
import type { StorageFault } from '../storage/faults.ts'
import type { NodeKeyFault } from '../storage/node-key.ts'
import { mib, type Reports } from './report.ts'

export const NODE_REPORTS: Reports<StorageRefusal | StorageFault | NodeKeyFault | HostFault | ControlFault> = {
  DISK_LOCKED: (f) => [
    'data-dir-in-use',
    `another node uses ${f.dir}`,
    'stop it, or start this one with another data directory',
  ],
  DISK_UNREADABLE: (f) => [
    'data-dir-unusable',
    `the data directory ${f.dir} cannot be used: ${f.why}`,
    'see to its permissions and to the disk, or name another directory',
  ],
  DISK_OPEN_TO_OTHERS: (f) => [
    'data-dir-unusable',
    `the data directory ${f.dir} cannot be used: ${f.why}`,
    'take that away with `chmod go-w`, or name a directory of its own: keys are kept in it',
  ],
  DISK_DAMAGED: (f) => [
    'data-dir-unusable',
    `the database in ${f.dir} is damaged: ${f.why}`,
    'restore the directory from a backup, or start with another one; blocks come back from other nodes, the node key and group keys do not',
  ],
  DISK_FORMAT: (f) => [
    'data-dir-unusable',
    `${f.dir} was written in format ${String(f.found)}, this program reads ${String(f.expected)}`,
    'use the program that wrote it, or another directory',
  ],
  DISK_LOW: (f) => [
    'disk-full',
    `the node is read-only, for the disk of ${f.dir} has ${mib(f.freeBytes)} free and must have ${mib(f.floorBytes)}`,
    'make room there; it goes on by itself',
  ],
  DISK_FULL: (f) => [
    'disk-full',
    `the node is read-only, for a write to ${f.dir} failed (${f.why})`,
    'make room there; it goes on by itself',
  ],
  CHAIN_OVER_QUOTA: (f) => [
    'over-quota',
    f.of === 'chain'
      ? `the chain ${f.name} has ${mib(f.bytes)} and may have ${mib(f.limitBytes)}`
      : `all chains together have ${mib(f.bytes)} and may have ${mib(f.limitBytes)}`,
    f.of === 'chain'
      ? 'raise `storage.maxChainMiB` in the config file, and send SIGHUP or start the node anew'
      : 'raise `storage.maxMiB` in the config file, and send SIGHUP or start the node anew; or leave a chain',
  ],
  NODE_KEY_DAMAGED: (f) => [
    'data-dir-unusable',
    `the node's own key (${f.record}) in the data directory is damaged`,
    'restore the directory from a backup, or start with another one',
  ],

  HOST_PORT_IN_USE: (f) => [
    'port-in-use',
    `${f.address} is in use`,
    'stop what listens there, or give another --listen',
  ],
  HOST_BAD_ADDRESS: (f) => ['bad-address', `cannot listen: ${f.why}`, 'write an address such as /ip4/0.0.0.0/tcp/8331'],
  HOST_CANNOT_LISTEN: (f) => ['cannot-listen', `the node cannot listen: ${f.why}`, 'give another --listen'],
  CONTROL_PORT_IN_USE: (f) => [
    'port-in-use',
    `the control port ${f.address} is in use: another node may be running`,
    'stop it, or give another --port',
  ],
  CONTROL_CANNOT_LISTEN: (f) => [
    'cannot-listen',
    `the control port cannot listen on ${f.address}: ${f.why}`,
    'give another --port, or another `control` in the config file',
  ],
  CONTROL_CANNOT_WRITE_COOKIE: (f) => [
    'data-dir-unusable',
    `the cookie ${f.path} cannot be written: ${f.why}`,
    'see to the permissions of its directory and to the disk',
  ],
}
