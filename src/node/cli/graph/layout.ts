/**
 * The layout of a drawing (spec §11, `graph`): one row per block, oldest first, and parallel lanes for concurrent
 * blocks. Pure.
 *
 * The layout proceeds from the newest block down. A *lane* runs from a block to one of its backs and is free again
 * there. A block stands in the first lane that leads to it. Lanes to the same back are not merged: that would be
 * narrower, but where a link joins a running lane, a reader cannot tell the two apart.
 *
 *     newest ─► a block ends the lanes that run to it ─► its first back keeps its lane, the others get free ones ─► older
 */

/** The part of a block that the layout needs. */
export interface GraphNode {
  readonly id: string
  readonly backs: readonly string[]
}

/**
 * A link from a block to a back, both by row. It leaves `from` sideways into `lane`, and enters `to` sideways from it.
 */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly lane: number
}

export interface Layout {
  /** The lane of each block, by row. */
  readonly lanes: readonly number[]
  readonly edges: readonly Edge[]
  /** Number of lanes. */
  readonly width: number
}

/** @param nodes - in an order with backs first; backs outside the list are ignored */
export function layOut(nodes: readonly GraphNode[]): Layout {
  const rows = new Map(nodes.map(({ id }, row) => [id, row]))
  /** The row where each lane ends. */
  const wanted: (number | undefined)[] = []
  const lanes: number[] = nodes.map(() => 0)
  const edges: Edge[] = []
  let width = 0

  const freeLane = (): number => {
    const free = wanted.indexOf(undefined)
    return free === -1 ? wanted.length : free
  }

  for (let row = nodes.length - 1; row >= 0; row -= 1) {
    const ending = wanted.indexOf(row)
    const own = ending === -1 ? freeLane() : ending
    lanes[row] = own
    width = Math.max(width, own + 1)
    for (const [lane, to] of wanted.entries()) if (to === row) wanted[lane] = undefined
    const backs = (nodes[row]?.backs ?? []).map((back) => rows.get(back)).filter((to) => to !== undefined)
    for (const [position, to] of backs.entries()) {
      const lane = position === 0 ? own : freeLane()
      wanted[lane] = to
      edges.push({ from: row, to, lane })
      width = Math.max(width, lane + 1)
    }
  }
  return { lanes, edges, width }
}
