#!/usr/bin/env node
// Runs on any Node, to say which one is needed.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `spillway needs Node.js 24 or newer and this is ${process.version} (${process.execPath}); install it, or add it to this project with: npm install node@24\n`,
  )
  process.exit(2)
}
await import('../dist/cli/main.js')
