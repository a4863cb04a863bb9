/**
 * Where blocks and links stand in a drawing (spec §11, `graph`): one row for each block in order, oldest first, and lanes
 * beside each other for what is concurrent. Pure.
 *
 * It goes from the newest block down. A *lane* runs from one block to one of its backs, and is free again when it gets
 * there. A block stands in the first lane that runs to it. Lanes to the same back could be one, which would be narrower;
 * but where a link joins a lane that runs by, nobody sees whose it is from there on.
 *
 *     newest ─► a block ends the lanes that run to it ─► its first back keeps its lane, the others get free ones ─► older
 */

/** What is needed of a block. */
export interface GraphNode {
  readonly id: string
  readonly backs: readonly string[]
}

/** A link from a block to a back, both by row. It leaves `from` sideways into `lane`, and enters `to` sideways from it. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly lane: number
}

export interface Layout {
  /** By row: the lane that the block stands in. */
  readonly lanes: readonly number[]
  readonly edges: readonly Edge[]
  /** How many lanes there are side by side. */
  readonly width: number
}

/** @param nodes - backs before what stands on them; backs that are not among them are left out */
export function layOut(nodes: readonly GraphNode[]): Layout {
  const rows = new Map(nodes.map(({ id }, row) => [id, row]))
  /** By lane: the row that it runs to. */
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
