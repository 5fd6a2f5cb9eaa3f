import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { endedChildrenCpuUs, machineCpuUs, memoryMb, readTree } from '../../bench/support/proc.ts'

const BUSY_100_MS =
  'const t = process.cpuUsage(); while (process.cpuUsage(t).user < 100_000) Math.sqrt(2)'

describe('a process tree', { timeout: 30_000 }, () => {
  it('has the descendants, and the CPU time of those that are gone already', async (t) => {
    const script = `
      const { spawn, spawnSync } = require('node:child_process')
      spawnSync(process.execPath, ['-e', ${JSON.stringify(BUSY_100_MS)}])
      const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
      process.stdin.resume()
      console.log(child.pid)`
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.after(() => parent.kill())
    const [text] = (await once(parent.stdout, 'data')) as [Buffer]
    const tree = readTree(parent.pid ?? 0)
    assert.deepEqual(
      tree.pids.toSorted((a, b) => a - b),
      [parent.pid, Number(text.toString())].toSorted((a = 0, b = 0) => a - b),
    )
    assert.ok(tree.cpuUs >= 100_000, `${tree.cpuUs} µs`)
    const [both, one] = [memoryMb(tree.pids), memoryMb([parent.pid ?? 0])]
    assert.ok(one > 5 && both > one && both < 500, `${one} MB, ${both} MB`)
  })

  it('that does not exist is empty', () => {
    assert.deepEqual(readTree(0x7ffffff0), { pids: [], cpuUs: 0 })
  })
})

describe('CPU time', { timeout: 30_000 }, () => {
  it('of ended children and of the machine covers what a child has used', () => {
    const before = { children: endedChildrenCpuUs(), machine: machineCpuUs() }
    spawnSync(process.execPath, ['-e', BUSY_100_MS])
    // The machine's ticks and the child's are not counted at the same moments.
    assert.ok(endedChildrenCpuUs() - before.children >= 90_000)
    assert.ok(machineCpuUs() - before.machine >= 70_000)
  })
})
