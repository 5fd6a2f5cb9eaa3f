/** Bytes on a new connection, and what is to come of them. */
export interface Row {
  readonly name: string
  /** `latin1`: one character, one byte. After it comes `AFTER`, a good request. */
  readonly sent: string
  /** The statuses of the answers, in their order; the connection is then closed. */
  readonly answers: readonly number[]
  /** Method, target and body of what was run. */
  readonly ran: readonly string[]
}

/** What an attacker smuggles, or the next client sends: it must not be run after a refusal. */
export const AFTER = 'GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const RAN_AFTER = 'GET /after '

function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

function get(...headers: readonly string[]): string {
  return head('GET /x HTTP/1.1', 'Host: a', ...headers)
}

function post(body: string, ...headers: readonly string[]): string {
  return head('POST /x HTTP/1.1', 'Host: a', ...headers) + body
}

function served(name: string, sent: string, ...ran: readonly string[]): Row {
  return { name, sent, answers: [...ran.map(() => 200), 200], ran: [...ran, RAN_AFTER] }
}

function last(name: string, sent: string, ran: string): Row {
  return { name, sent, answers: [200], ran: [ran] }
}

function refused(name: string, sent: string, status = 400): Row {
  return { name, sent, answers: [status], ran: [] }
}

const CHUNKED = 'Transfer-Encoding: chunked'
const GET_X = 'GET /x '

const SERVED: readonly Row[] = [
  served('a request without a body', get(), GET_X),
  served('a body by its length', post('hello', 'Content-Length: 5'), 'POST /x hello'),
  served('a body of nothing', post('', 'Content-Length: 0'), 'POST /x '),
  served('a POST without length', post(''), 'POST /x '),
  served('a body on a GET', `${get('Content-Length: 2')}hi`, 'GET /x hi'),
  served('chunks', post('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', CHUNKED), 'POST /x abcde'),
  served(
    'chunks in upper-case hex',
    post('A\r\n0123456789\r\n0\r\n\r\n', CHUNKED),
    'POST /x 0123456789',
  ),
  served('a chunk extension', post('3;a=b\r\nabc\r\n0\r\n\r\n', CHUNKED), 'POST /x abc'),
  served('a trailer', post('1\r\na\r\n0\r\nX-T: 1\r\n\r\n', CHUNKED), 'POST /x a'),
  served(
    'Chunked in any case',
    post('1\r\na\r\n0\r\n\r\n', 'transfer-encoding: CHUNKED'),
    'POST /x a',
  ),
  served('two in one write', get() + get(), GET_X, GET_X),
  served('empty lines before a request', `\r\n\r\n${get()}`, GET_X),
  served('space around a value', get('X-A: \t v \t'), GET_X),
  served('an empty value', get('X-A:'), GET_X),
  served('bytes above ASCII in a value', get('X-A: \xe4\xff'), GET_X),
  served('a header twice', get('X-A: 1', 'X-A: 2'), GET_X),
  served('the same length twice in no header', get('Content-Length: 0'), GET_X),
  served(
    'an escaped target',
    head('GET /%00/..%2f?a=%zz HTTP/1.1', 'Host: a'),
    'GET /%00/..%2f?a=%zz ',
  ),
  served('two slashes', head('GET //x HTTP/1.1', 'Host: a'), 'GET //x '),
  served('OPTIONS *', head('OPTIONS * HTTP/1.1', 'Host: a'), 'OPTIONS * '),
  served('a host with port', head('GET /x HTTP/1.1', 'Host: a.b-c.de:8080'), GET_X),
  served('an IPv6 host', head('GET /x HTTP/1.1', 'Host: [::1]:3000'), GET_X),
  served('an empty host', head('GET /x HTTP/1.1', 'Host:'), GET_X),
  served(
    'the absolute form of the same host',
    head('GET http://A:80/x?q HTTP/1.1', 'Host: a:80'),
    'GET /x?q ',
  ),
  served(
    'the absolute form without a path',
    head('GET http://a?q HTTP/1.1', 'Host: a'),
    'GET /?q ',
  ),
  served('a method of its own', head('PURGE /x HTTP/1.1', 'Host: a'), 'PURGE /x '),
  served('200 headers', get(...numbered(199)), GET_X),
  served(
    'prototype names',
    head('GET /x?__proto__=1&constructor=2 HTTP/1.1', 'Host: a', '__proto__: 1'),
    'GET /x?__proto__=1&constructor=2 ',
  ),
  served('keep-alive of HTTP/1.0', head('GET /x HTTP/1.0', 'Connection: keep-alive'), GET_X),
]

/** Read more leniently than RFC 9112 asks, as Node does; nothing of it tells where a request ends. */
const LENIENT: readonly Row[] = [
  served('two spaces before the version', head('GET /x  HTTP/1.1', 'Host: a'), GET_X),
  served('two spaces before the target', head('GET  /x HTTP/1.1', 'Host: a'), GET_X),
  last('the name of another protocol', head('GET /x RTSP/1.0', 'Host: a'), GET_X),
]

/** Answered, and then the connection is closed: what comes after is not run. */
const LAST: readonly Row[] = [
  last('Connection: close', get('Connection: close'), GET_X),
  last('Connection: close among others', get('Connection: x, Close'), GET_X),
  last('HTTP/1.0', head('GET /x HTTP/1.0'), GET_X),
  last('an upgrade that is not offered', get('Connection: upgrade', 'Upgrade: h2c'), GET_X),
  last('a websocket', get('Connection: Upgrade', 'Upgrade: websocket'), GET_X),
]

const MIXED: readonly Row[] = [
  {
    name: 'a good one and then garbage',
    sent: `${get()}GARBAGE\r\n\r\n`,
    answers: [200, 400],
    ran: [GET_X],
  },
  {
    name: 'a good one and then two hosts',
    sent: get() + get('Host: b'),
    answers: [200, 400],
    ran: [GET_X],
  },
  {
    name: 'Expect: 100-continue',
    sent: post('hello', 'Content-Length: 5', 'Expect: 100-continue'),
    answers: [100, 200, 200],
    ran: ['POST /x hello', RAN_AFTER],
  },
  {
    name: 'an unknown expectation',
    sent: get('Expect: the-unexpected'),
    answers: [417, 200],
    ran: [RAN_AFTER],
  },
  {
    name: 'a body that breaks off, after a good one',
    sent: get() + post('3\r\nabcd', CHUNKED),
    answers: [200, 400],
    ran: [GET_X],
  },
  {
    name: 'a refused one that expects 100',
    sent: get('Host: b', 'Expect: 100-continue'),
    answers: [400],
    ran: [],
  },
]

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: ${i}`)
}

const LENGTHS: readonly Row[] = [
  refused('length and chunks', post('0\r\n\r\n', 'Content-Length: 6', CHUNKED)),
  refused('chunks and length', post('0\r\n\r\n', CHUNKED, 'Content-Length: 6')),
  refused('two lengths', post('hello', 'Content-Length: 5', 'Content-Length: 6')),
  refused('the same length twice', post('hello', 'Content-Length: 5', 'Content-Length: 5')),
  refused('a list of lengths', post('hello', 'Content-Length: 5, 5')),
  refused('a length with a plus', post('hello', 'Content-Length: +5')),
  refused('a negative length', post('hello', 'Content-Length: -5')),
  refused('a hexadecimal length', post('hello', 'Content-Length: 0x5')),
  refused('a fraction', post('hello', 'Content-Length: 5.0')),
  refused('an empty length', post('hello', 'Content-Length: ')),
  refused('a length beyond 64 bits', post('hello', 'Content-Length: 18446744073709551621')),
  refused('space inside a length', post('hello', 'Content-Length: 1 5')),
  refused('space before the colon', post('hello', 'Content-Length : 5')),
  refused('a tab before the colon', post('0\r\n\r\n', 'Transfer-Encoding\t: chunked')),
]

const CODINGS: readonly Row[] = [
  refused('an unknown coding', post('0\r\n\r\n', 'Transfer-Encoding: xchunked'), 501),
  refused('identity', post('hello', 'Transfer-Encoding: identity'), 501),
  refused(
    'identity beside a length',
    post('hello', 'Transfer-Encoding: identity', 'Content-Length: 5'),
  ),
  refused('chunked that is not last', post('0\r\n\r\n', 'Transfer-Encoding: chunked, gzip')),
  refused('gzip below chunks', post('0\r\n\r\n', 'Transfer-Encoding: gzip, chunked'), 501),
  refused('chunks twice', post('0\r\n\r\n', CHUNKED, CHUNKED)),
  refused('chunks twice in one line', post('0\r\n\r\n', 'Transfer-Encoding: chunked, chunked')),
  refused('a quoted coding', post('0\r\n\r\n', 'Transfer-Encoding: "chunked"'), 501),
  refused('a vertical tab before the coding', post('0\r\n\r\n', 'Transfer-Encoding: \x0bchunked')),
  refused('chunks in HTTP/1.0', head('POST /x HTTP/1.0', CHUNKED) + '0\r\n\r\n'),
  refused(
    'chunks in HTTP/1.0 that is kept',
    head('POST /x HTTP/1.0', CHUNKED, 'Connection: keep-alive') + '0\r\n\r\n',
  ),
]

const CHUNKS: readonly Row[] = [
  refused('a chunk size that is none', post('g\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('a negative chunk size', post('-1\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('0x before a chunk size', post('0x3\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('space after a chunk size', post('3 \r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('a chunk that is longer than it says', post('3\r\nabcd\r\n0\r\n\r\n', CHUNKED)),
  refused('a chunk ended by LF alone', post('3\r\nabc\n0\r\n\r\n', CHUNKED)),
  refused('a chunk size ended by LF alone', post('3\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('a chunk extension ended by LF alone', post('3;a\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('CR inside a chunk extension', post('3;a\rb\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('a chunk size beyond 64 bits', post('10000000000000003\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused('an empty chunk size', post('\r\nabc\r\n0\r\n\r\n', CHUNKED)),
  refused(
    'chunk extensions without end',
    post(`3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`, CHUNKED),
    413,
  ),
  refused('a trailer that is no header', post('0\r\n bad\r\n\r\n', CHUNKED)),
]

const LINES: readonly Row[] = [
  refused('lines ended by LF alone', 'GET /x HTTP/1.1\nHost: a\n\n'),
  refused('one header line ended by LF alone', 'GET /x HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n'),
  refused('lines ended by CR alone', 'GET /x HTTP/1.1\rHost: a\r\r'),
  refused('CR inside a value', 'GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n\r\n'),
  refused('a folded header', 'GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n'),
  refused('a folded first header', 'GET /x HTTP/1.1\r\n Host: a\r\n\r\n'),
  refused(
    'a folded coding',
    'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n',
  ),
  refused('NUL inside a value', get('X-A: 1\x002')),
  refused('NUL inside a name', get('X\x00A: 1')),
  refused('a control character inside a value', get('X-A: 1\x012')),
  refused('DEL inside a value', get('X-A: 1\x7f2')),
  refused('space inside a name', get('X A: 1')),
  refused('bytes above ASCII in a name', get('X-\xe4: 1')),
  refused('a header without colon', get('X-A')),
  refused('a header without name', get(': 1')),
  refused('a name of brackets', get('[X]: 1')),
  refused('the end of headers with LF alone', 'GET /x HTTP/1.1\r\nHost: a\r\n\n'),
]

const FIRST_LINES: readonly Row[] = [
  refused('HTTP/0.9 in one line', 'GET /x\r\n\r\n', 505),
  refused('HTTP/0.9 by name', head('GET /x HTTP/0.9', 'Host: a'), 505),
  refused('HTTP/2.0', head('GET /x HTTP/2.0', 'Host: a'), 505),
  refused('HTTP/1.2', head('GET /x HTTP/1.2', 'Host: a')),
  refused('HTTP/3', head('GET /x HTTP/3.0', 'Host: a')),
  refused('HTTP/1', head('GET /x HTTP/1', 'Host: a')),
  refused('a small http', head('GET /x http/1.1', 'Host: a')),
  refused('a tab for a space', head('GET\t/x HTTP/1.1', 'Host: a')),
  refused('space after the version', head('GET /x HTTP/1.1 ', 'Host: a')),
  refused('a space inside the target', head('GET /x y HTTP/1.1', 'Host: a')),
  refused('a target without slash', head('GET x HTTP/1.1', 'Host: a')),
  refused('a star that is no OPTIONS', head('GET * HTTP/1.1', 'Host: a')),
  refused('a NUL inside the target', head('GET /x\x00 HTTP/1.1', 'Host: a')),
  refused('a control character inside the target', head('GET /\x01 HTTP/1.1', 'Host: a')),
  refused('a method in small letters', head('get /x HTTP/1.1', 'Host: a')),
  refused('an unknown method', head('HELLO /x HTTP/1.1', 'Host: a')),
  refused('a method with a colon', head('GET: /x HTTP/1.1', 'Host: a')),
  refused('a tunnel', head('CONNECT b:443 HTTP/1.1', 'Host: b:443'), 405),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused('the beginning of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('nothing that HTTP knows', 'hello\r\n\r\n'),
]

const HOSTS: readonly Row[] = [
  refused('no host', head('GET /x HTTP/1.1')),
  refused('two hosts', get('Host: b')),
  refused('the same host twice', get('host: a')),
  refused('two hosts in HTTP/1.0', head('GET /x HTTP/1.0', 'Host: a', 'Host: b')),
  refused('a list of hosts', head('GET /x HTTP/1.1', 'Host: a, b')),
  refused('a host with a path', head('GET /x HTTP/1.1', 'Host: a/b')),
  refused('a host with a user', head('GET /x HTTP/1.1', 'Host: u@a')),
  refused('a host with a space', head('GET /x HTTP/1.1', 'Host: a b')),
  refused('a host with a port that is none', head('GET /x HTTP/1.1', 'Host: a:b')),
  refused('a host above ASCII', head('GET /x HTTP/1.1', 'Host: \xe4')),
  refused('the absolute form of another host', head('GET http://b/x HTTP/1.1', 'Host: a')),
  refused('the absolute form of another port', head('GET http://a:81/x HTTP/1.1', 'Host: a')),
  refused('the absolute form with a user', head('GET http://u@a/x HTTP/1.1', 'Host: a')),
  refused('the absolute form of another scheme', head('GET ftp://a/x HTTP/1.1', 'Host: a')),
  refused('an absolute form without host', head('GET http:///x HTTP/1.1', 'Host: a')),
]

const SIZES: readonly Row[] = [
  refused('201 headers', get(...numbered(200)), 431),
  refused('more headers than Node keeps', get(...Array.from({ length: 3000 }, () => 'a:')), 431),
  refused('a value of 17 KiB', get(`X-A: ${'a'.repeat(17 * 1024)}`), 431),
  refused('a name of 17 KiB', get(`${'a'.repeat(17 * 1024)}: 1`), 431),
  refused('a target of 17 KiB', head(`GET /${'a'.repeat(17 * 1024)} HTTP/1.1`, 'Host: a'), 431),
  refused('trailers of 17 KiB', post(`0\r\nX-A: ${'a'.repeat(17 * 1024)}\r\n\r\n`, CHUNKED), 431),
]

export const CORPUS: readonly Row[] = [
  ...SERVED,
  ...LENIENT,
  ...LAST,
  ...MIXED,
  ...LENGTHS,
  ...CODINGS,
  ...CHUNKS,
  ...LINES,
  ...FIRST_LINES,
  ...HOSTS,
  ...SIZES,
]
