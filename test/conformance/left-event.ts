/** A function that leaves what it receives in a file: nobody waits for its answer. */
export const LEAVES_EVENT = `const { renameSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
exports.handler = async (event) => {
  const file = join(__dirname, 'event.json')
  writeFileSync(file + '.part', JSON.stringify(event))
  renameSync(file + '.part', file)
}
`
