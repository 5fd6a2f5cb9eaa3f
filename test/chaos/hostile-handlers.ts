/** A handler that does what no handler should. */
export interface Hostile {
  readonly name: string
  /** The body of an async function of `(event, context)`; `fs` and `wait(ms)` are there. */
  readonly code: string
  /** How that invocation may end: `status` or `status errorType`. */
  readonly ends: RegExp
  /** Takes its timeout, or as long: not repeated as often as the others. */
  readonly slow?: true
  /** How those after it may end, where it broke what its own code needs. Default: they are served. */
  readonly next?: RegExp
}

const OK = /^ok/
const ERROR = /^function_error/
/** Told by an environment that goes on. */
const CAUGHT = /^function_error (?!Runtime\.ExitError)/
const EXIT = /^function_error Runtime\.ExitError/
const TIMEOUT = /^timeout/
/** It broke its own runtime: anything that comes at once is right, and blames the function. */
const ANY = /^(ok|function_error)/

/** What code does while it runs, or leaves behind. */
const BEHAVIOUR: readonly Hostile[] = [
  {
    name: 'lateThrow',
    code: `setTimeout(() => { throw new Error('late') }, 0); return 1`,
    ends: OK,
  },
  { name: 'strayRejection', code: `Promise.reject(new Error('stray')); return 1`, ends: ANY },
  { name: 'lateRejection', code: `setTimeout(() => Promise.reject(1), 3); return 1`, ends: OK },
  {
    name: 'throwAside',
    code: `setTimeout(() => { throw new Error() }); await wait(100)`,
    ends: ERROR,
  },
  {
    name: 'microtaskThrow',
    code: `queueMicrotask(() => { throw new Error() }); return 1`,
    ends: ANY,
  },
  {
    name: 'emitsUncaught',
    code: `process.emit('uncaughtException', new Error('it')); await wait(9)`,
    ends: ERROR,
  },
  { name: 'exitZero', code: `process.exit(0)`, ends: EXIT },
  { name: 'exitOne', code: `process.exit(1)`, ends: EXIT },
  { name: 'exitCode', code: `process.exitCode = 5; return 1`, ends: OK },
  { name: 'reallyExit', code: `process.reallyExit(3)`, ends: EXIT },
  { name: 'abort', code: `process.abort()`, ends: EXIT },
  { name: 'segfault', code: `process.kill(process.pid, 'SIGSEGV'); await wait(999)`, ends: EXIT },
  {
    name: 'killSelf',
    code: `process.kill(process.pid, 'SIGKILL'); await wait(999)`,
    ends: /^interrupted/,
  },
  {
    name: 'stopSelf',
    code: `process.kill(process.pid, 'SIGSTOP'); await wait(9)`,
    ends: TIMEOUT,
    slow: true,
  },
  { name: 'loop', code: `for (;;);`, ends: TIMEOUT, slow: true },
  {
    name: 'microtaskLoop',
    code: `const again = () => Promise.resolve().then(again); await again()`,
    ends: TIMEOUT,
    slow: true,
  },
  {
    name: 'tickLoop',
    code: `const again = () => process.nextTick(again); again(); await wait(1)`,
    ends: TIMEOUT,
    slow: true,
  },
  { name: 'loopAfterReturn', code: `setTimeout(() => { for (;;); }, 1); return 1`, ends: OK },
  {
    name: 'loopOnExit',
    code: `process.on('exit', () => { for (;;); }); process.exit(1)`,
    ends: TIMEOUT,
    slow: true,
  },
  { name: 'loopOnExitLater', code: `process.on('exit', () => { for (;;); }); return 1`, ends: OK },
  {
    name: 'beforeExitLoop',
    code: `process.on('beforeExit', () => setTimeout(() => {}, 1)); await new Promise(() => {})`,
    ends: /^(timeout|function_error)/,
    slow: true,
  },
  { name: 'neverSettles', code: `await new Promise(() => {})`, ends: /NodeJsExit/ },
  {
    name: 'outOfMemory',
    code: `const all = []; for (;;) all.push(new Array(1e5).fill(all.length))`,
    ends: /OutOfMemory/,
    slow: true,
  },
  {
    name: 'stackOverflow',
    code: `const deep = () => deep() + 1; return deep()`,
    ends: /RangeError/,
  },
  {
    name: 'intervals',
    code: `for (let i = 0; i < 50; i++) setInterval(() => {}, 5); return 1`,
    ends: OK,
  },
  { name: 'server', code: `require('net').createServer().listen(0); return 1`, ends: OK },
  {
    name: 'unrefServer',
    code: `require('net').createServer().listen(0).unref(); return 1`,
    ends: OK,
  },
  {
    name: 'childLeft',
    code: `require('child_process').spawn('sleep', ['20']); return 1`,
    ends: OK,
  },
  {
    name: 'worker',
    code: `new (require('worker_threads').Worker)('setInterval(() => {}, 9)', { eval: true }); return 1`,
    ends: OK,
    slow: true,
  },
  {
    name: 'workerThrows',
    code: `new (require('worker_threads').Worker)('throw new Error()', { eval: true }); await wait(500)`,
    ends: ERROR,
    slow: true,
  },
  {
    name: 'noListeners',
    code: `process.removeAllListeners(); setTimeout(() => { throw new Error() }); return 1`,
    ends: OK,
  },
  { name: 'umask', code: `process.umask(0o777); return 1`, ends: OK },
  { name: 'uid', code: `if (process.getuid() === 0) process.setuid(65534); return 1`, ends: OK },
  {
    name: 'goneFolder',
    code: `const at = fs.mkdtempSync('/tmp/gone-'); process.chdir(at); fs.rmdirSync(at); return 1`,
    ends: OK,
  },
  { name: 'stdin', code: `process.stdin.resume(); return 1`, ends: OK },
]

/** What it does to its channels. */
const CHANNELS: readonly Hostile[] = [
  { name: 'closes1', code: `fs.closeSync(1); console.log('there'); return 1`, ends: OK },
  { name: 'closes2', code: `fs.closeSync(2); console.error('there'); return 1`, ends: OK },
  { name: 'closes3', code: `fs.closeSync(3); return 1`, ends: OK, slow: true },
  { name: 'closes4', code: `fs.closeSync(4); return 1`, ends: ERROR },
  { name: 'closes5', code: `fs.closeSync(5); return 1`, ends: OK },
  { name: 'endsStdout', code: `process.stdout.end(); console.log('there'); return 1`, ends: OK },
  {
    name: 'destroysStdout',
    code: `process.stdout.destroy(); process.stderr.destroy(); console.log('there'); return 1`,
    ends: OK,
  },
  {
    name: 'filesLeft',
    code: `for (let i = 0; i < 300; i++) fs.openSync('/dev/null'); return 1`,
    ends: OK,
  },
  { name: 'longLine', code: `console.log('x'.repeat(1e7)); return 1`, ends: OK },
  {
    name: 'manyLogs',
    code: `for (let i = 0; i < 1000; i++) console.log('x'.repeat(65536)); return 1`,
    ends: OK,
    slow: true,
  },
  { name: 'rawStdout', code: `fs.writeSync(1, 'raw '.repeat(9) + '\\n'); return 1`, ends: OK },
  {
    name: 'garbage',
    code: `fs.writeSync(4, Buffer.alloc(64, 0xff)); await wait(500)`,
    ends: ERROR,
  },
  {
    name: 'forgedReady',
    code: `fs.writeSync(4, Buffer.from([0x49, 10, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 49, 10])); return 1`,
    ends: OK,
  },
  {
    name: 'unknownFrame',
    code: `fs.writeSync(4, Buffer.from([0x21, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])); await wait(200); return 1`,
    ends: ANY,
  },
]

/** What it returns and throws. */
const VALUES: readonly Hostile[] = [
  {
    name: 'throwingGetter',
    code: `return { get a() { throw new Error('getter') } }`,
    ends: CAUGHT,
  },
  { name: 'throwingToJson', code: `return { toJSON() { throw new Error('json') } }`, ends: CAUGHT },
  { name: 'throwingThen', code: `return { get then() { throw new Error('then') } }`, ends: CAUGHT },
  {
    name: 'settlesTwice',
    code: `return { then(yes, no) { yes(1); yes(2); no(3); throw 4 } }`,
    ends: OK,
  },
  {
    name: 'proxyResult',
    code: `return new Proxy({}, { get(_, key) { if (key === 'then') return; throw new Error('trap') }, ownKeys() { throw new Error('trap') } })`,
    ends: CAUGHT,
  },
  { name: 'bigInt', code: `return 1n`, ends: CAUGHT },
  { name: 'cycle', code: `const a = {}; a.a = a; return a`, ends: CAUGHT },
  {
    name: 'deep',
    code: `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a`,
    ends: CAUGHT,
  },
  { name: 'function', code: `return () => {}`, ends: OK },
  { name: 'notANumber', code: `return [NaN, Infinity, '\\ud800']`, ends: OK },
  { name: 'tooLarge', code: `return 'x'.repeat(7e6)`, ends: /ResponseSizeTooLarge/ },
  ...[
    'undefined',
    'null',
    '42',
    `'text'`,
    'Symbol()',
    '() => {}',
    '{}',
    'Object.create(null)',
    '10n',
  ].map((value, index) => ({
    name: `throws${index}`,
    code: `throw ${value.startsWith('{') ? '({})' : value}`,
    ends: CAUGHT,
  })),
  {
    name: 'throwsUnprintable',
    code: `throw { toString() { throw new Error('no') } }`,
    ends: CAUGHT,
  },
  {
    name: 'throwsRevoked',
    code: `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy`,
    ends: CAUGHT,
  },
  {
    name: 'throwsTrap',
    code: `throw new Proxy(new Error(), { get() { throw new Error('trap') } })`,
    ends: CAUGHT,
  },
  { name: 'hugeMessage', code: `throw new Error('x'.repeat(2e7))`, ends: CAUGHT },
  {
    name: 'messageGetter',
    code: `throw Object.defineProperty(new Error(), 'message', { get() { throw new Error('no') } })`,
    ends: CAUGHT,
  },
  {
    name: 'stackGetter',
    code: `throw Object.defineProperty(new Error(), 'stack', { get() { throw new Error('no') } })`,
    ends: CAUGHT,
  },
  {
    name: 'oddError',
    code: `throw Object.assign(new Error(), { name: 10n, message: 10n, stack: 5 })`,
    ends: CAUGHT,
  },
  {
    name: 'errorGetter',
    code: `throw Object.defineProperty(new Error(), 'more', { enumerable: true, get() { throw new Error('no') } })`,
    ends: CAUGHT,
  },
  {
    name: 'rejectsUnprintable',
    code: `Promise.reject(Object.create(null)); await wait(100)`,
    ends: CAUGHT,
  },
  {
    name: 'prepareStackTrace',
    code: `Error.prepareStackTrace = () => { throw new Error('no') }; throw new Error('yes')`,
    ends: CAUGHT,
  },
  {
    name: 'prepareStackObject',
    code: `Error.prepareStackTrace = () => ({}); throw new Error('yes')`,
    ends: CAUGHT,
  },
]

/** What it does to the language. */
const LANGUAGE: readonly Hostile[] = [
  ...[
    'JSON',
    'Buffer',
    'Promise',
    'process',
    'console',
    'Atomics',
    'Object',
    'performance',
    'Date',
    'queueMicrotask',
    'setImmediate',
    'Uint8Array',
  ].map((name) => ({
    name: `no${name}`,
    code: `globalThis.${name} = undefined; return 1`,
    ends: ANY,
  })),
  ...[
    'Array.prototype.push',
    'Array.prototype.shift',
    'Array.prototype.indexOf',
    'Array.prototype.join',
    'Array.prototype[Symbol.iterator]',
    'String.prototype.split',
    'String.prototype.slice',
    'Number.prototype.toFixed',
    'Buffer.prototype.writeUInt32LE',
    'Buffer.prototype.readUInt32LE',
    'Buffer.prototype.toString',
    'Buffer.allocUnsafe',
    'Uint8Array.prototype.subarray',
    'JSON.stringify',
    'JSON.parse',
    'Promise.prototype.then',
    'process.exit',
    'process.resourceUsage',
    'process.cwd',
  ].map((path, index) => ({
    name: `patched${index}`,
    code: `${path} = function () { throw new Error('patched') }; return 1`,
    ends: ANY,
    // Its own promises are broken.
    ...(path === 'Promise.prototype.then' ? { next: ANY } : {}),
  })),
  { name: 'deafMarks', code: `Buffer.prototype.writeUInt32LE = () => 0; return 1`, ends: ANY },
  {
    name: 'deafFiles',
    code: `fs.writeSync = () => 0; fs.readSync = () => 0; require('module').syncBuiltinESMExports(); return 1`,
    ends: ANY,
  },
  {
    name: 'polluted',
    code: `Object.prototype.then = undefined; Object.prototype.evil = 1; Object.prototype.http = {}; return 1`,
    ends: OK,
  },
  {
    name: 'frozen',
    code: `Object.freeze(Object.prototype); Object.freeze(Array.prototype); return 1`,
    ends: OK,
  },
  { name: 'jsonText', code: `JSON.stringify = () => 'no json'; return 1`, ends: ANY },
  { name: 'jsonNumber', code: `JSON.stringify = () => 5; return 1`, ends: ANY },
  { name: 'noTime', code: `performance.now = () => NaN; Date.now = () => NaN; return 1`, ends: OK },
  { name: 'endlessTime', code: `performance.now = () => Infinity; return 1`, ends: OK },
  { name: 'backwards', code: `performance.now = () => -1e9; return 1`, ends: OK },
  {
    name: 'oddMemory',
    code: `process.resourceUsage = () => ({ maxRSS: 'much\\nmore' }); await wait(60); return 1`,
    ends: ANY,
  },
  { name: 'noEnv', code: `process.env = {}; process.cwd = () => 5; return 1`, ends: OK },
  {
    name: 'emptyEnv',
    code: `for (const name in process.env) delete process.env[name]; return 1`,
    ends: OK,
  },
  {
    name: 'oddContext',
    code: `context.awsRequestId = {}; context.done = 5; Object.freeze(context); return 1`,
    ends: OK,
  },
  { name: 'oddExports', code: `module.exports = 5; require.cache = {}; return 1`, ends: OK },
]

export const HOSTILE: readonly Hostile[] = [...BEHAVIOUR, ...CHANNELS, ...VALUES, ...LANGUAGE]

/** A module with a handler for each of them: hostile when it is told to, else it says `fine`. */
export const HOSTILE_MODULE = `
const fs = require('node:fs')
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
${HOSTILE.map(
  ({ name, code }) => `exports.${name} = async (event, context) => {
  if (!event.hostile) return 'fine'
  ${code}
}`,
).join('\n')}
`
